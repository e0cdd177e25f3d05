"""Entry point of the rule `choose_images`."""

from pathlib import Path

from swatchbook import provenance
from swatchbook.job_log import reporting_to
from swatchbook.report import choose_images

with reporting_to(snakemake.log[0]):
    choose_images(
        Path(snakemake.input.suspects).parents[1],
        snakemake.params.models,
        snakemake.params.seeds,
        snakemake.params.reference,
        snakemake.params.classes,
        Path(snakemake.output.gallery).parent,
    )
    provenance.record(
        snakemake.output.provenance, snakemake.rule, snakemake.input, dict(snakemake.params.items())
    )
