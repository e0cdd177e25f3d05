"""Acquire: bring the files of the data sets.

Requires: nothing but the sources named in config/datasets/<name>.yaml.
Provides: resources/<dataset>/<file>, each whole and verified, and a receipt of where it came from.
The files are in the working directory, also where the results are on object storage; what reads them
runs there, too, if nodes do not see it.
"""


rule download_file:
    """Bring one file from the first source that has it, or verify the one that is in place."""
    output:
        # "update": a file that is already there is kept and verified, not deleted. "local": that is
        # so with the results on object storage, too, which "update" alone cannot do.
        file=local(update(with_prefix("resources/{dataset}/{file}"))),
        receipt="results/{dataset}/download/{file}.json",
    log:
        "logs/{dataset}/download/{file}.log",
    wildcard_constraints:
        file="[^/]+",
    localrule: True
    conda:
        "../envs/swatchbook.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(60),
    params:
        pins=file_pins,
    script:
        "../scripts/download.py"
