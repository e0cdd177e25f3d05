"""Entry point of the rule `train_trial`."""

from pathlib import Path

from swatchbook.job_log import reporting_to
from swatchbook.search import train_trial

with reporting_to(snakemake.log[0]):
    train_trial(
        Path(snakemake.input.arrays[0]).parent,
        snakemake.input.batch,
        int(snakemake.wildcards.trial),
        snakemake.params.search,
        snakemake.output.training,
        snakemake.output.outcome,
        snakemake.params.checkpoints,
        snakemake.params.code,
        snakemake.config["local_disk"],  # no parameter, as in train.py
    )
