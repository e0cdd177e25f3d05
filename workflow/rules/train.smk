"""Train: one model, one data set, one seed.

Requires: results/<dataset>/arrays/.
Provides: model.keras, history.csv, run.json and tensorboard/ in results/<dataset>/<model>/seed-<seed>/;
of a model with augmentation results/<dataset>/<model>/augmented.npy.
Leaves, when interrupted: checkpoints/<dataset>/<model>/seed-<seed>/, to go on from; in the end beside
it seed-<seed>.npz, the probabilities of all images, for the evaluation.
"""


rule train_model:
    """Train one model with one seed."""
    input:
        arrays(),
    output:
        model=TRAINED,
        history=f"{CELL}/history.csv",
        run=f"{CELL}/run.json",
        events=directory(f"{CELL}/tensorboard"),
    log:
        "logs/{dataset}/{model}/seed-{seed}/train.log",
    benchmark:
        "results/{dataset}/benchmarks/train-{model}-seed-{seed}.tsv"
    conda:
        "../envs/swatchbook.yaml"
    # Not `threads` itself but the configuration decides how many TensorFlow gets, since Snakemake
    # lowers `threads` to --cores and another number gives other bits.
    threads: training_threads
    resources:
        mem_mb=growing(3000),
        runtime=training_minutes,
    params:
        layers=model_layers,
        settings=model_training,
        # No output: Snakemake deletes those of a job that has failed.
        checkpoints=with_prefix("checkpoints/{dataset}/{model}/seed-{seed}"),
        # No output either: without it an evaluation that runs alone predicts anew.
        left=with_prefix(LEFT),
        code=code_digest("train"),
    script:
        "../scripts/train.py"


rule show_augmentation:
    """Show what one model's augmentation makes of some training images."""
    input:
        arrays(),
    output:
        AUGMENTED,
    log:
        "logs/{dataset}/{model}/augment.log",
    conda:
        "../envs/swatchbook.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=growing(10),
    params:
        augmentation=model_augmentation,
        seed=FIRST_SEEDS[0],
        code=code_digest("augment"),
    script:
        "../scripts/augment.py"
