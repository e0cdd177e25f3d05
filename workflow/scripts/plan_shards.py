"""Entry point of the rule `plan_shards`."""

from pathlib import Path

from swatchbook.data import sharding
from swatchbook.job_log import reporting_to

# No parameter of the rule, as in decode.py.
limits = snakemake.config["specs"][snakemake.wildcards.dataset]["limits"]

with reporting_to(snakemake.log[0]):
    sharding.plan(
        snakemake.params.spec | {"limits": limits},
        Path(snakemake.input.files[0]).parent,
        Path(snakemake.output.plan).parent,
    )
