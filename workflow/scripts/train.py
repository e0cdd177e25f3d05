"""Entry point of the rule `train_model`."""

from pathlib import Path

from swatchbook import training
from swatchbook.console import reporting_to

with reporting_to(snakemake.log[0]):
    training.train(
        Path(snakemake.input[0]).parent,
        snakemake.params.layers,
        snakemake.params.settings,
        int(snakemake.wildcards.seed),
        Path(snakemake.output.model).parent,
        snakemake.params.checkpoints,
        snakemake.params.code,
    )
