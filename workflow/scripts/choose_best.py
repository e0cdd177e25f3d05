"""Entry point of the rule `choose_best`."""

from pathlib import Path

from swatchbook.deployment import choose_best
from swatchbook.job_log import reporting_to

with reporting_to(snakemake.log[0]):
    choose_best(
        Path(snakemake.output[0]).parent,
        snakemake.params.models,
        snakemake.params.seeds,
        snakemake.params.reference,
        snakemake.output[0],
    )
