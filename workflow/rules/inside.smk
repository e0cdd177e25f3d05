"""Look inside: what the trained networks compute, and what of an image they go by.

Requires: results/<dataset>/arrays/, the trained and evaluated models, comparison.json and gallery/.
Provides: results/<dataset>/inside/: what each network is made of, a map of the test images, what
networks look at, first filters, the training images nearest to mistakes. Only the report needs it.
"""

INSIDE = "results/{dataset}/inside"
# Of each model the first training is looked into: there is one whatever a decision needs.
FIRST_CELL = f"results/{{{{dataset}}}}/{{model}}/seed-{FIRST_SEEDS[0]}"


rule look_inside:
    """Look into one trained network of each model of one data set."""
    input:
        ARRAYS,
        comparison="results/{dataset}/comparison.json",
        gallery="results/{dataset}/gallery/gallery.json",
        models=expand(f"{FIRST_CELL}/model.keras", model=DETAILED),
        runs=expand(f"{FIRST_CELL}/run.json", model=DETAILED),
        predictions=expand(f"{FIRST_CELL}/predictions.csv", model=DETAILED),
    output:
        report(
            expand(
                f"{INSIDE}/{{figure}}.{{suffix}}",
                figure=INSIDE_FIGURES,
                suffix=["svg", "png"],
                allow_missing=True,
            ),
            category="{dataset}",
            subcategory="Inside",
            caption="../report/captions/inside.rst",
        ),
        tables=expand(
            f"{INSIDE}/{{table}}.csv", table=[*INSIDE_FIGURES, "nearest"], allow_missing=True
        ),
        sheets=expand(f"{INSIDE}/{{sheet}}", sheet=INSIDE_SHEETS, allow_missing=True),
        found=f"{INSIDE}/inside.json",
        provenance=f"{INSIDE}/provenance.json",
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
        settings=config["analysis"]["look_inside"],
        confidence=config["comparison"]["confidence"],
        code=code_digest("look_inside"),
    script:
        "../scripts/look_inside.py"
