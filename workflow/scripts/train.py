"""Entry point of the rule `train_model`."""

from pathlib import Path

from swatchbook.job_log import reporting_to
from swatchbook.training import train

with reporting_to(snakemake.log[0]):
    train(
        Path(snakemake.input[0]).parent,
        snakemake.params.layers,
        snakemake.params.settings,
        int(snakemake.wildcards.seed),
        Path(snakemake.output.model).parent,
        snakemake.params.checkpoints,
        snakemake.params.code,
        leave=snakemake.params.left,
    )
