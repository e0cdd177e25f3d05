"""Entry point of the rule `look_inside`."""

from pathlib import Path

from swatchbook import provenance
from swatchbook.inspection import look_inside
from swatchbook.job_log import reporting_to
from swatchbook.training import opened, start

with reporting_to(snakemake.log[0]):
    start(snakemake.threads)
    look_inside(
        Path(snakemake.input.gallery).parents[1],
        snakemake.params.models,
        snakemake.params.seed,
        snakemake.params.reference,
        snakemake.params.classes,
        snakemake.params.settings,
        snakemake.params.confidence,
        Path(snakemake.output.found).parent,
        opened,
    )
    provenance.record(
        snakemake.output.provenance, snakemake.rule, snakemake.input, dict(snakemake.params.items())
    )
