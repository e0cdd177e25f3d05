"""Check: what is doubtful about a data set, and what that does to the accuracies.

Requires: results/<dataset>/arrays/; for the predictions also the evaluated models.
Provides: results/<dataset>/checks/: copies within and across splits, the accuracy without them,
labels that look wrong; results/<dataset>/gallery/: the test images that the report shows.
"""


rule check_data:
    """Look for classes out of balance, images that show nothing, and images that are there twice."""
    input:
        arrays(),
    output:
        summary=CHECKED[0],
        pairs="results/{dataset}/checks/duplicates.csv",
        shown="results/{dataset}/checks/twins.csv",
        provenance="results/{dataset}/checks/twins.json",
        figures=report(
            multiext("results/{dataset}/checks/twins", ".svg", ".png"),
            category="{dataset}",
            subcategory="Data checks",
            caption="../report/captions/twins.rst",
        ),
    log:
        "logs/{dataset}/check_data.log",
    benchmark:
        "results/{dataset}/benchmarks/check_data.tsv"
    conda:
        "../envs/swatchbook.yaml"
    threads: 2
    resources:
        mem_mb=growing(1500, sharded=4000),
        runtime=growing(15, sharded=60),
    params:
        classes=dataset_classes,
        code=code_digest("check_data"),
    script:
        "../scripts/check_data.py"


rule check_predictions:
    """Take the accuracy without the copies, and find labels that every model contradicts."""
    input:
        arrays("x_test.npy", "y_test.npy", "index.csv"),
        pairs="results/{dataset}/checks/duplicates.csv",
        probabilities=of_all_runs(PREDICTED),
    output:
        accuracy=CHECKED[1],
        suspects="results/{dataset}/checks/label_suspects.csv",
        provenance="results/{dataset}/checks/label_suspects.json",
        figures=report(
            multiext("results/{dataset}/checks/label_suspects", ".svg", ".png"),
            category="{dataset}",
            subcategory="Data checks",
            caption="../report/captions/label_suspects.rst",
        ),
    log:
        "logs/{dataset}/check_predictions.log",
    benchmark:
        "results/{dataset}/benchmarks/check_predictions.tsv"
    # Seconds, without TensorFlow: not worth a place in a cluster's queue.
    localrule: True
    conda:
        "../envs/swatchbook.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        models=MODELS,
        seeds=dataset_seeds,
        classes=dataset_classes,
        confidence=config["comparison"]["confidence"],
        code=code_digest("check_predictions"),
    script:
        "../scripts/check_predictions.py"


rule choose_images:
    """Choose the test images that the report shows, and put them onto one sheet."""
    input:
        arrays(),
        suspects="results/{dataset}/checks/label_suspects.csv",
        probabilities=of_all_runs(PREDICTED),
    output:
        gallery="results/{dataset}/gallery/gallery.json",
        sheet="results/{dataset}/gallery/sheet.webp",
        provenance="results/{dataset}/gallery/provenance.json",
    log:
        "logs/{dataset}/choose_images.log",
    benchmark:
        "results/{dataset}/benchmarks/choose_images.tsv"
    # Seconds, without TensorFlow: not worth a place in a cluster's queue.
    localrule: True
    conda:
        "../envs/swatchbook.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        models=DETAILED,
        seeds=dataset_seeds,
        reference=config["comparison"]["reference"],
        classes=dataset_classes,
        code=code_digest("gallery"),
    script:
        "../scripts/gallery.py"
