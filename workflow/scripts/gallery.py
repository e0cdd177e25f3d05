"""Entry point of the rule `choose_images`."""

from pathlib import Path

from swatchbook import gallery, provenance
from swatchbook.console import reporting_to

with reporting_to(snakemake.log[0]):
    gallery.make(
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
