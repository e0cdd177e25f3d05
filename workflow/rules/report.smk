"""Report: everything on one page.

Requires: comparison.json, figures/, explore/ and checks/ of every data set, and what they came from.
Provides: results/report.html, one file that needs no network.
"""


localrules:
    write_report,


REPORTED = [
    "comparison.json",
    *[f"figures/{name}.svg" for name in comparison_figures(config["training"])],
    "figures/provenance.json",
    "explore/summary.json",
    "explore/class_balance.svg",
    "explore/matrix.csv",
    "explore/provenance.json",
    "checks/summary.json",
    "checks/accuracy_without_twins.json",
    "checks/label_suspects.csv",
    "checks/label_suspects.json",
    "checks/twins.svg",
    "checks/twins.json",
    "gallery/gallery.json",
    "gallery/sheet.webp",
    "gallery/provenance.json",
]


rule write_report:
    """Write the report."""
    input:
        receipts_of_all,
        # Each file that is read, since a job on object storage gets nothing else.
        expand("results/{dataset}/{file}", dataset=DATASETS, file=REPORTED),
        expand(f"{CELL}/run.json", **CELLS),
        expand(f"{CELL}/classification_report.csv", **CELLS),
    output:
        report("results/report.html", category="Report", caption="../report/captions/report.rst"),
    log:
        "logs/report.log",
    conda:
        "../envs/swatchbook.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        # Not `config` itself: where the files came from and what ran the jobs change nothing.
        config={key: value for key, value in config.items() if key not in ("mirror", "container")},
        page_digest=page_digest(),
        published=published_digest(),
        code=code_digest("report"),
    script:
        "../scripts/report.py"
