"""Report: everything on one page.

Requires: comparison.json, figures/, explore/ and checks/ of every data set, and what they came from;
with `report.exports` also best.json and best/.
Provides: results/report.html, one file that needs no network.
"""

REPORTED = [
    "comparison.json",
    "per_class.csv",
    *[f"{figure.folder}/{figure.name}.svg" for figure in DRAWN if figure.section],
    *[f"{figure.folder}/{figure.name}.csv" for figure in DRAWN if figure.is_charted],
    *sorted({f"{figure.folder}/{figure.record}.json" for figure in DRAWN}),
    "arrays/decoding.json",
    "explore/summary.json",
    "explore/matrix.csv",
    "checks/summary.json",
    "checks/accuracy_without_twins.json",
    "checks/label_suspects.csv",
    "gallery/gallery.json",
    "gallery/sheet.webp",
    "gallery/provenance.json",
]
# Where the page has them it needs them: whether files happen to be there decides nothing.
EXPORTS_SHOWN = [BEST, EXPORTED] if config["report"]["exports"] else []


rule write_report:
    """Write the report."""
    input:
        receipts_of_all,
        # Each file that is read, since a job on object storage gets nothing else.
        expand("results/{dataset}/{file}", dataset=DATASETS, file=REPORTED),
        expand(ANALYSED, dataset=DATASETS),
        expand(FOUND, dataset=DATASETS) if SEARCH else [],
        expand(RESIZING, dataset=RESIZED),
        expand(EXPORTS_SHOWN, dataset=DATASETS),
        of_every_cell(f"{CELL}/run.json"),
        of_every_cell(f"{CELL}/classification_report.csv"),
    output:
        report("results/report.html", category="Report", caption="../report/captions/report.rst"),
    log:
        "logs/report.log",
    localrule: True
    conda:
        "../envs/swatchbook.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        # Not `config` itself: where the files came from, what ran the jobs and how models are
        # exported, but for the exports that are read, change nothing.
        config={
            key: value
            for key, value in config.items()
            if key not in ("mirror", "container", "local_disk", "export")
        },
        prefix=results_prefix,
        page_digest=page_digest(),
        published=published_digest(),
        code=code_digest("report"),
    script:
        "../scripts/report.py"
