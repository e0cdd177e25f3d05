"""Entry point of the rule `decode_shard`."""

from pathlib import Path

from swatchbook.data import sharding
from swatchbook.job_log import reporting_to

# No parameter of the rule, as in decode.py.
limits = snakemake.config["specs"][snakemake.wildcards.dataset]["limits"]
number, count = map(int, snakemake.wildcards.scatteritem.split("-of-"))

with reporting_to(snakemake.log[0]):
    sharding.decode_shard(
        snakemake.params.spec | {"limits": limits},
        Path(snakemake.input.files[0]).parent,
        snakemake.input.plan,
        number - 1,
        count,
        snakemake.output.images,
    )
