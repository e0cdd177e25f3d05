"""Acquire: bring the files of the data sets.

Requires: nothing but the sources named in config/datasets/<name>.yaml.
Provides: resources/<dataset>/<file>, each whole and verified, and a receipt of where it came from.
"""


localrules:
    download_file,


rule download_file:
    """Bring one file from the first source that has it, or verify the one that is in place."""
    output:
        # "update": a file that is already there is kept and verified, not deleted.
        file=update("resources/{dataset}/{file}"),
        receipt="results/{dataset}/download/{file}.json",
    log:
        "logs/{dataset}/download/{file}.log",
    wildcard_constraints:
        file="[^/]+",
    conda:
        "../envs/swatchbook.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(60),
    params:
        pins=file_pins,
    script:
        "../scripts/download.py"
