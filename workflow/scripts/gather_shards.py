"""Entry point of the rule `gather_shards`."""

from pathlib import Path

from swatchbook.data import sharding
from swatchbook.job_log import reporting_to

with reporting_to(snakemake.log[0]):
    sharding.gather(
        snakemake.params.spec,
        Path(snakemake.input.files[0]).parent,
        snakemake.input.plan,
        snakemake.input.shards,
        Path(snakemake.output[0]).parent,
    )
