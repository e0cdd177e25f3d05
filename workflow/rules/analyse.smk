"""Analyse: how the models fail, and what they compute. Each part is on or off under `analysis` in the
configuration.

Requires: results/<dataset>/arrays/ and the evaluated models; for label errors also checks/, for a look
inside comparison.json and gallery/.
Provides: results/<dataset>/corruptions/, prediction_sets/, label_errors/ and inside/, which only the
report needs.
Nothing is trained for it, and no training depends on it.
"""

if ANALYSIS["corruptions"]:

    rule predict_corrupted:
        """Predict a sample of the test images under each corruption, by all models in one job."""
        input:
            arrays("x_test.npy", "y_test.npy", "index.csv"),
            models=corrupted_cells(TRAINED),
            runs=corrupted_cells(f"{CELL}/run.json"),
        output:
            CORRUPTED,
        log:
            "logs/{dataset}/predict_corrupted.log",
        benchmark:
            "results/{dataset}/benchmarks/predict_corrupted.tsv"
        conda:
            "../envs/swatchbook.yaml"
        threads: max(config["models"][model]["training"]["threads"] for model in DETAILED)
        resources:
            mem_mb=growing(2000),
            runtime=growing(30),
        params:
            models=DETAILED,
            seeds=corrupted_seeds,
            classes=dataset_classes,
            images=ANALYSIS["corruptions"]["images"],
            device=analysis_device(),
            code=code_digest("predict_corrupted"),
        script:
            "../scripts/predict_corrupted.py"

    rule sum_up_corruptions:
        """Say what each corruption does to the accuracies, and draw it."""
        input:
            arrays("x_test.npy", "y_test.npy", "index.csv"),
            right=CORRUPTED,
        output:
            summary="results/{dataset}/corruptions/summary.json",
            tables=expand("results/{{dataset}}/corruptions/{figure}.csv", figure=CORRUPTION_FIGURES),
            provenance="results/{dataset}/corruptions/provenance.json",
            figures=report(
                expand(
                    "results/{{dataset}}/corruptions/{figure}.{suffix}",
                    figure=CORRUPTION_FIGURES,
                    suffix=["svg", "png"],
                ),
                category="{dataset}",
                subcategory="How it fails",
                caption="../report/captions/fails.rst",
            ),
        log:
            "logs/{dataset}/sum_up_corruptions.log",
        # Seconds, without TensorFlow: not worth a place in a cluster's queue.
        localrule: True
        conda:
            "../envs/swatchbook.yaml"
        resources:
            mem_mb=growing(1000),
            runtime=growing(10),
        params:
            models=DETAILED,
            seeds=corrupted_seeds,
            all_models=MODELS,
            reference=config["comparison"]["reference"],
            confidence=config["comparison"]["confidence"],
            code=code_digest("sum_up_corruptions"),
        script:
            "../scripts/sum_up_corruptions.py"


if ANALYSIS["prediction_sets"]:

    rule make_prediction_sets:
        """Find, from the validation images, sets of classes that have the right one so often."""
        input:
            arrays(),
            probabilities=of_all_runs(PREDICTED, DETAILED),
            probabilities_validation=of_all_runs(f"{CELL}/probabilities_validation.npy", DETAILED),
        output:
            summary="results/{dataset}/prediction_sets/summary.json",
            runs="results/{dataset}/prediction_sets/runs.csv",
            table="results/{dataset}/prediction_sets/prediction_sets.csv",
            provenance="results/{dataset}/prediction_sets/provenance.json",
            figures=report(
                multiext("results/{dataset}/prediction_sets/prediction_sets", ".svg", ".png"),
                category="{dataset}",
                subcategory="How it fails",
                caption="../report/captions/fails.rst",
            ),
        log:
            "logs/{dataset}/make_prediction_sets.log",
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
            classes=dataset_classes,
            all_models=MODELS,
            coverage=ANALYSIS["prediction_sets"]["coverage"],
            confidence=config["comparison"]["confidence"],
            code=code_digest("make_prediction_sets"),
        script:
            "../scripts/make_prediction_sets.py"


if ANALYSIS["label_errors"]:

    rule compare_label_errors:
        """Find labels that look wrong to confident learning, and compare with those of the checks."""
        input:
            arrays("x_test.npy", "y_test.npy", "index.csv"),
            suspects="results/{dataset}/checks/label_suspects.csv",
            probabilities=of_all_runs(PREDICTED, DETAILED),
        output:
            summary="results/{dataset}/label_errors/summary.json",
            issues="results/{dataset}/label_errors/issues.csv",
            table="results/{dataset}/label_errors/label_errors.csv",
            provenance="results/{dataset}/label_errors/provenance.json",
            figures=report(
                multiext("results/{dataset}/label_errors/label_errors", ".svg", ".png"),
                category="{dataset}",
                subcategory="How it fails",
                caption="../report/captions/fails.rst",
            ),
        log:
            "logs/{dataset}/compare_label_errors.log",
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
            classes=dataset_classes,
            code=code_digest("compare_label_errors"),
        script:
            "../scripts/compare_label_errors.py"


if ANALYSIS["look_inside"]:
    # Of each model the first training is looked into: there is one whatever a decision needs.
    FIRST_CELL = f"results/{{{{dataset}}}}/{{model}}/seed-{FIRST_SEEDS[0]}"

    rule look_inside:
        """Look into one trained network of each model of one data set."""
        input:
            arrays(),
            comparison="results/{dataset}/comparison.json",
            gallery="results/{dataset}/gallery/gallery.json",
            models=expand(f"{FIRST_CELL}/model.keras", model=DETAILED),
            runs=expand(f"{FIRST_CELL}/run.json", model=DETAILED),
            predictions=expand(f"{FIRST_CELL}/predictions.csv", model=DETAILED),
        output:
            report(
                expand(
                    "results/{{dataset}}/inside/{figure}.{suffix}",
                    figure=INSIDE_FIGURES,
                    suffix=["svg", "png"],
                ),
                category="{dataset}",
                subcategory="Inside",
                caption="../report/captions/inside.rst",
            ),
            tables=expand(
                "results/{{dataset}}/inside/{table}.csv", table=[*INSIDE_FIGURES, "nearest"]
            ),
            sheets=expand("results/{{dataset}}/inside/{sheet}", sheet=INSIDE_SHEETS),
            found="results/{dataset}/inside/inside.json",
            provenance="results/{dataset}/inside/provenance.json",
        log:
            "logs/{dataset}/look_inside.log",
        benchmark:
            "results/{dataset}/benchmarks/look_inside.tsv"
        conda:
            "../envs/swatchbook.yaml"
        resources:
            mem_mb=growing(3000),
            runtime=growing(30),
        params:
            models=DETAILED,
            seed=FIRST_SEEDS[0],
            reference=config["comparison"]["reference"],
            classes=dataset_classes,
            settings=ANALYSIS["look_inside"],
            confidence=config["comparison"]["confidence"],
            code=code_digest("look_inside"),
        script:
            "../scripts/look_inside.py"
