"""Entry point of the rule `check_data`."""

from pathlib import Path

from swatchbook import provenance
from swatchbook.inspection import check_data
from swatchbook.job_log import reporting_to

with reporting_to(snakemake.log[0]):
    check_data(
        Path(snakemake.input[0]).parent,
        snakemake.params.classes,
        Path(snakemake.output.summary).parent,
    )
    provenance.record(
        snakemake.output.provenance, snakemake.rule, snakemake.input, dict(snakemake.params.items())
    )
