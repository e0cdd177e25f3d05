"""Prepare: from a data set's files to arrays, and a look at them before training.

Requires: resources/<dataset>/<file>.
Provides: results/<dataset>/arrays/ and results/<dataset>/explore/; on request results/<dataset>/images/.
"""


rule decode_dataset:
    """Decode one data set's images into normalised arrays, split and labelled by id."""
    input:
        files=dataset_files,
        receipts=dataset_receipts,
    output:
        ARRAYS,
        originals=ORIGINALS,
    log:
        "logs/{dataset}/decode.log",
    benchmark:
        "results/{dataset}/benchmarks/decode.tsv"
    wildcard_constraints:
        dataset=one_of(WHOLE),
    conda:
        "../envs/swatchbook.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(15),
    params:
        spec=dataset_content,
        code=code_digest("decode"),
    script:
        "../scripts/decode.py"


rule plan_shards:
    """List the images of one data set that is decoded by shards, before one is decoded."""
    input:
        files=dataset_files,
        receipts=dataset_receipts,
    output:
        plan=PLAN,
        notes="results/{dataset}/shards/plan.json",
    log:
        "logs/{dataset}/plan_shards.log",
    benchmark:
        "results/{dataset}/benchmarks/plan_shards.tsv"
    wildcard_constraints:
        dataset=one_of(list(SHARDED)),
    conda:
        "../envs/swatchbook.yaml"
    resources:
        mem_mb=growing(2500),
        runtime=growing(30),
    params:
        spec=dataset_content,
        code=code_digest("plan_shards"),
    script:
        "../scripts/plan_shards.py"


rule decode_shard:
    """Decode one part of a data set's images, to bytes."""
    input:
        files=dataset_files,
        receipts=dataset_receipts,
        plan=PLAN,
    output:
        images=SHARD,
        seen="results/{dataset}/arrays/shards/{scatteritem}.json",
        originals="results/{dataset}/arrays/shards/{scatteritem}.npz",
    log:
        "logs/{dataset}/decode_shard/{scatteritem}.log",
    benchmark:
        "results/{dataset}/benchmarks/decode-shard-{scatteritem}.tsv"
    wildcard_constraints:
        dataset=one_of(list(SHARDED)),
    conda:
        "../envs/swatchbook.yaml"
    resources:
        mem_mb=growing(2500),
        runtime=growing(30),
    params:
        spec=dataset_content,
        code=code_digest("decode_shard"),
    script:
        "../scripts/decode_shard.py"


rule gather_shards:
    """Split the images of all shards of one data set, and say of each row where its image is."""
    input:
        files=dataset_files,
        plan=PLAN,
        notes="results/{dataset}/shards/plan.json",
        shards=lambda wildcards: shards_of(wildcards.dataset),
        seen=lambda wildcards: shards_of(wildcards.dataset, SHARD.replace(".npy", ".json")),
        originals=lambda wildcards: shards_of(wildcards.dataset, SHARD.replace(".npy", ".npz")),
    output:
        SHARDED_ARRAYS,
        originals=ORIGINALS,
    log:
        "logs/{dataset}/gather_shards.log",
    benchmark:
        "results/{dataset}/benchmarks/gather_shards.tsv"
    wildcard_constraints:
        dataset=one_of(list(SHARDED)),
    conda:
        "../envs/swatchbook.yaml"
    resources:
        mem_mb=growing(2500),
        runtime=growing(30),
    params:
        spec=dataset_content,
        code=code_digest("gather_shards"),
    script:
        "../scripts/gather_shards.py"


rule extract_images:
    """Write one data set's images as PNG files into a folder, to look at."""
    input:
        arrays(),
    output:
        directory(EXTRACTED),
    log:
        "logs/{dataset}/extract.log",
    conda:
        "../envs/swatchbook.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(30),
    params:
        code=code_digest("extract"),
    script:
        "../scripts/extract.py"


rule explore_dataset:
    """Show what a data set looks like: shapes, balance, samples, an image as numbers."""
    input:
        arrays(),
    output:
        summary=EXPLORED,
        tables=expand("results/{{dataset}}/explore/{figure}.csv", figure=EXPLORE_FIGURES),
        provenance="results/{dataset}/explore/provenance.json",
        figures=report(
            expand(
                "results/{{dataset}}/explore/{figure}.{suffix}",
                figure=EXPLORE_FIGURES,
                suffix=["svg", "png"],
            ),
            category="{dataset}",
            subcategory="Data",
            caption="../report/captions/data.rst",
        ),
    log:
        "logs/{dataset}/explore.log",
    benchmark:
        "results/{dataset}/benchmarks/explore.tsv"
    conda:
        "../envs/swatchbook.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=growing(10),
    params:
        classes=dataset_classes,
        code=code_digest("explore"),
    script:
        "../scripts/explore.py"


rule show_resizing:
    """Show what resizing does to some images of one data set."""
    input:
        originals=ORIGINALS,
    output:
        table="results/{dataset}/explore/resizing.csv",
        provenance=RESIZING[1],
        figures=report(
            multiext("results/{dataset}/explore/resizing", ".svg", ".png"),
            category="{dataset}",
            subcategory="Data",
            caption="../report/captions/data.rst",
        ),
    log:
        "logs/{dataset}/show_resizing.log",
    # Seconds, without TensorFlow: not worth a place in a cluster's queue.
    localrule: True
    conda:
        "../envs/swatchbook.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        image=dataset_image,
        code=code_digest("show_resizing"),
    script:
        "../scripts/show_resizing.py"
