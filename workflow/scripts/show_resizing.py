"""Entry point of the rule `show_resizing`."""

from pathlib import Path

from swatchbook import provenance
from swatchbook.inspection import show_resizing
from swatchbook.job_log import reporting_to

with reporting_to(snakemake.log[0]):
    show_resizing(
        snakemake.input.originals,
        snakemake.params.image,
        Path(snakemake.output.provenance).parent,
    )
    provenance.record(
        snakemake.output.provenance, snakemake.rule, snakemake.input, dict(snakemake.params.items())
    )
