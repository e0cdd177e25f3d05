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
        # No parameter of the rule: the bits are the same, wherever they are read.
        local_disk=snakemake.config["local_disk"],
    )
