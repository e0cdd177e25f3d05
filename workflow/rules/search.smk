"""Search: recipes that are asked for batch by batch, trained, and judged by the validation images.

Requires: results/<dataset>/arrays/.
Provides: results/<dataset>/search/: what each batch asks for, each trial and what came of it,
trials.csv, best.yaml, search.json and a figure. Only the report needs them.
Leaves, when interrupted: checkpoints/<dataset>/search/trial-<trial>/, to go on from.

There is no checkpoint rule: how many trials there are is known, and only their models depend on results.
Nor is there a database of the study: a batch is asked for by what came of the earlier ones.
"""

BATCHES = range(-(-SEARCH["trials"] // SEARCH["batch"]))


wildcard_constraints:
    batch=r"\d+",
    trial=r"\d+",


rule ask_trials:
    """Ask for a batch of trials, by what came of the earlier ones."""
    input:
        outcomes_of_earlier_batches,
    output:
        BATCH,
    log:
        "logs/{dataset}/search/batch-{batch}.log",
    # Seconds, without TensorFlow: not worth a place in a cluster's queue.
    localrule: True
    conda:
        "../envs/swatchbook.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        search=search_of("space", "sampler", "seed", "batch", "monitor"),
        base=SEARCH["derived"]["model"],
        trials=trials_of_batch,
        code=code_digest("ask_trials"),
    script:
        "../scripts/ask_trials.py"


rule train_trial:
    """Train one trial of a search, as long as there is hope of it."""
    input:
        arrays=arrays(),
        batch=batch_of_trial,
    output:
        outcome=OUTCOME,
        training=directory(f"{SEARCHED}/trial-{{trial}}"),
    log:
        "logs/{dataset}/search/trial-{trial}.log",
    benchmark:
        "results/{dataset}/benchmarks/search-trial-{trial}.tsv"
    conda:
        "../envs/swatchbook.yaml"
    threads: SEARCH["derived"]["model"]["training"]["threads"]
    resources:
        mem_mb=growing(3000),
        runtime=trial_minutes,
    params:
        search=search_of("seed", "pruner", "monitor"),
        # No output: Snakemake deletes those of a job that has failed.
        checkpoints=with_prefix("checkpoints/{dataset}/search/trial-{trial}"),
        code=code_digest("train_trial"),
    script:
        "../scripts/train_trial.py"


rule search_result:
    """Write which trial is the best, as a model to be compared, and how all of them went."""
    input:
        batches=expand(BATCH, batch=BATCHES, allow_missing=True),
        outcomes=expand(OUTCOME, trial=range(SEARCH["trials"]), allow_missing=True),
    output:
        figures=report(
            multiext(f"{SEARCHED}/search", ".svg", ".png"),
            category="{dataset}",
            subcategory="Search",
            caption="../report/captions/search.rst",
        ),
        numbers=f"{SEARCHED}/search.csv",
        trials=f"{SEARCHED}/trials.csv",
        best=f"{SEARCHED}/best.yaml",
        found=f"{SEARCHED}/search.json",
        provenance=f"{SEARCHED}/provenance.json",
    log:
        "logs/{dataset}/search/search_result.log",
    # Seconds, without TensorFlow: not worth a place in a cluster's queue.
    localrule: True
    conda:
        "../envs/swatchbook.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        search=search_of("base", "space", "monitor", "seed"),
        common=config["training"],
        reference=config["comparison"]["reference"],
        told_as=with_prefix(f"{SEARCHED}/best.yaml"),
        code=code_digest("search_result"),
    script:
        "../scripts/search_result.py"
