"""Export: a trained model in the formats of others, to be used without TensorFlow.

Requires: results/<dataset>/arrays/ and the trained and evaluated models.
Provides: results/<dataset>/<model>/seed-<seed>/export/ of any run that is asked for; results/<dataset>/best.json,
which run is the best by validation, and results/<dataset>/best/, that run exported. Nothing else
depends on them, but for the report where `report.exports` says so.
"""

EXPORT = config["export"]
EXPORT_FILES = [EXPORTS[kind].file for kind in EXPORT["formats"] if kind != "savedmodel"]
# What `predict` knows of the ONNX file beside it, and what MLflow does.
BESIDE_ONNX = ["model.json", "MLmodel", "requirements.txt", "python_env.yaml"]
EXPORT_FILES += BESIDE_ONNX if "onnx" in EXPORT["formats"] else []
EXPORT_FOLDERS = [EXPORTS[kind].file for kind in EXPORT["formats"] if kind == "savedmodel"]


rule choose_best:
    """Choose the best run of one data set by its validation images."""
    input:
        histories=of_all_runs(f"{CELL}/history.csv"),
        runs=of_all_runs(f"{CELL}/run.json"),
    output:
        BEST,
    log:
        "logs/{dataset}/choose_best.log",
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
        reference=config["comparison"]["reference"],
        code=code_digest("choose_best"),
    script:
        "../scripts/choose_best.py"


rule export_best:
    """Write the best model of one data set in all formats, each proven on the test images."""
    input:
        arrays(),
        # Of every run, since which is the best is known only when this job begins.
        of_all_runs(TRAINED),
        of_all_runs(f"{CELL}/run.json"),
        of_all_runs(PREDICTED),
        of_all_runs(f"{CELL}/probabilities_validation.npy"),
        best=BEST,
    output:
        expand("results/{{dataset}}/best/{file}", file=EXPORT_FILES),
        [directory(f"results/{{dataset}}/best/{folder}") for folder in EXPORT_FOLDERS],
        record=EXPORTED,
    log:
        "logs/{dataset}/export_best.log",
    conda:
        "../envs/swatchbook.yaml"
    resources:
        mem_mb=growing(3000),
        runtime=growing(15),
    params:
        formats=EXPORT["formats"],
        calibration_images=EXPORT["calibration_images"],
        false_alarms=EXPORT["false_alarms"],
        about=dataset_description,
        code=code_digest("export_best"),
    script:
        "../scripts/export_best.py"


rule export_run:
    """Write one trained model in all formats, each proven on the test images."""
    input:
        arrays(),
        model=TRAINED,
        run=f"{CELL}/run.json",
        probabilities=PREDICTED,
        probabilities_validation=f"{CELL}/probabilities_validation.npy",
    output:
        expand(f"{CELL}/export/{{file}}", file=EXPORT_FILES, allow_missing=True),
        [directory(f"{CELL}/export/{folder}") for folder in EXPORT_FOLDERS],
        record=f"{CELL}/export/export.json",
    log:
        "logs/{dataset}/{model}/seed-{seed}/export.log",
    conda:
        "../envs/swatchbook.yaml"
    resources:
        mem_mb=growing(3000),
        runtime=growing(15),
    params:
        formats=EXPORT["formats"],
        calibration_images=EXPORT["calibration_images"],
        false_alarms=EXPORT["false_alarms"],
        about=dataset_description,
        code=code_digest("export_run"),
    script:
        "../scripts/export_run.py"


rule write_card:
    """Write what the best model of one data set is, how good, and what it is not good for."""
    input:
        EXPORTED,
        "results/{dataset}/best/model.json",
        "results/{dataset}/comparison.json",
        "results/{dataset}/arrays/decoding.json",
        "results/{dataset}/checks/label_suspects.csv",
        CHECKED,
        dataset_receipts,
        # Of every run, since which is the best is known only when this job begins.
        of_all_runs(f"{CELL}/run.json"),
        of_all_runs(EVALUATED),
        of_all_runs(f"{CELL}/classification_report.csv"),
        of_all_runs(f"{CELL}/confusion_matrix.csv"),
        best=BEST,
    output:
        CARD,
    log:
        "logs/{dataset}/write_card.log",
    # Seconds, without TensorFlow: not worth a place in a cluster's queue.
    localrule: True
    conda:
        "../envs/swatchbook.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        spec=lambda wildcards: config["specs"][wildcards.dataset],
        models=config["models"],
        confidence=config["comparison"]["confidence"],
        card=provenance.files_digest([WORKFLOW / "card" / "README.md.j2"]),
        code=code_digest("write_card"),
    script:
        "../scripts/write_card.py"
