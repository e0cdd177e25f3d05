"""Look: whether the comparisons of a data set need more seeds.

Requires: the labels and the index of results/<dataset>/arrays/, and the predictions of as many seeds as the look is at.
Provides: results/<dataset>/looks/<look>.json, from which `seeds_of` in rules/common.smk knows with
which seeds the models of a data set are trained. Not used where the seeds are a list.
"""


checkpoint look_at_runs:
    """See whether all comparisons of one data set are decided by the seeds that there are."""
    input:
        arrays("y_test.npy", "index.csv"),
        probabilities=of_looked_at_runs(PREDICTED),
    output:
        LOOKED,
    log:
        "logs/{dataset}/looks/{look}.log",
    # Seconds, without TensorFlow: not worth a place in a cluster's queue.
    localrule: True
    conda:
        "../envs/swatchbook.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        models=MODELS,
        settings=COMPARING,
        code=code_digest("look"),
    script:
        "../scripts/look.py"
