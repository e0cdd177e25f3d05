"""Evaluate: what each trained model makes of its data set, and the models side by side.

Requires: results/<dataset>/arrays/ and the trained models.
Provides: probabilities, metrics and tables beside each model; comparison.json and figures/ a data set.
"""


rule evaluate_model:
    """Predict the probabilities of every image, where the training has not left them, and measure them."""
    input:
        arrays(),
        model=TRAINED,
        run=f"{CELL}/run.json",
    output:
        metrics=EVALUATED,
        probabilities=PREDICTED,
        probabilities_validation=f"{CELL}/probabilities_validation.npy",
        predictions=f"{CELL}/predictions.csv",
        classification_report=report(
            f"{CELL}/classification_report.csv",
            category="{dataset}",
            subcategory="Tables",
            caption="../report/captions/cell.rst",
        ),
        confusion_matrix=report(
            f"{CELL}/confusion_matrix.csv",
            category="{dataset}",
            subcategory="Tables",
            caption="../report/captions/cell.rst",
        ),
    log:
        "logs/{dataset}/{model}/seed-{seed}/evaluate.log",
    benchmark:
        "results/{dataset}/benchmarks/evaluate-{model}-seed-{seed}.tsv"
    conda:
        "../envs/swatchbook.yaml"
    threads: training_threads
    resources:
        mem_mb=growing(2000),
        runtime=growing(15),
    params:
        classes=dataset_classes,
        device=evaluation_device,
        views=config["evaluation"]["views"],
        left=with_prefix(LEFT),
        code=code_digest("evaluate"),
    script:
        "../scripts/evaluate.py"


rule compare_models:
    """Compare the models of one data set: means, differences, intervals."""
    input:
        arrays("y_test.npy", "y_validation.npy", "index.csv"),
        metrics=of_all_runs(EVALUATED),
        probabilities=of_all_runs(PREDICTED),
        probabilities_validation=of_all_runs(f"{CELL}/probabilities_validation.npy"),
        runs=of_all_runs(f"{CELL}/run.json"),
        histories=of_all_runs(f"{CELL}/history.csv"),
    output:
        comparison="results/{dataset}/comparison.json",
        per_class="results/{dataset}/per_class.csv",
    log:
        "logs/{dataset}/compare.log",
    benchmark:
        "results/{dataset}/benchmarks/compare.tsv"
    # Seconds, without TensorFlow: not worth a place in a cluster's queue.
    localrule: True
    conda:
        "../envs/swatchbook.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(15),
    params:
        models=MODELS,
        seeds=dataset_seeds,
        classes=dataset_classes,
        settings=COMPARING,
        published=published_digest(),
        code=code_digest("compare"),
    script:
        "../scripts/compare.py"


rule draw_figures:
    """Draw the figures of one data set's comparison."""
    input:
        arrays("x_test.npy", "y_test.npy", "index.csv"),
        comparison="results/{dataset}/comparison.json",
        histories=of_all_runs(f"{CELL}/history.csv"),
        predictions=of_all_runs(f"{CELL}/predictions.csv"),
        reports=of_all_runs(f"{CELL}/classification_report.csv"),
        matrices=of_all_runs(f"{CELL}/confusion_matrix.csv"),
        runs=of_all_runs(f"{CELL}/run.json"),
        augmented=augmented_images,
    output:
        report(
            expand(
                "results/{{dataset}}/figures/{figure}.{suffix}",
                figure=COMPARISON_FIGURES,
                suffix=["svg", "png"],
            ),
            category="{dataset}",
            subcategory="Models",
            caption="../report/captions/models.rst",
        ),
        tables=expand(
            "results/{{dataset}}/figures/{figure}.csv",
            figure=COMPARISON_FIGURES,
        ),
        provenance="results/{dataset}/figures/provenance.json",
    log:
        "logs/{dataset}/figures.log",
    benchmark:
        "results/{dataset}/benchmarks/figures.tsv"
    # Seconds, without TensorFlow: not worth a place in a cluster's queue.
    localrule: True
    conda:
        "../envs/swatchbook.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(15),
    params:
        models=MODELS,
        seeds=dataset_seeds,
        reference=config["comparison"]["reference"],
        classes=dataset_classes,
        facts=FACTS_OF_COMPARISONS,
        detailed=DETAILED,
        ablation=drawn_ablation(),
        published=published_digest(),
        code=code_digest("figures"),
    script:
        "../scripts/figures.py"
