"""Entry point of the rule `show_augmentation`."""

from pathlib import Path

from swatchbook.job_log import reporting_to
from swatchbook.training import show_augmentation

with reporting_to(snakemake.log[0]):
    show_augmentation(
        Path(snakemake.input[0]).parent,
        snakemake.params.augmentation,
        snakemake.params.seed,
        snakemake.output[0],
    )
