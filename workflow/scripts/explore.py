"""Entry point of the rule `explore_dataset`."""

from pathlib import Path

from swatchbook import provenance
from swatchbook.inspection import explore
from swatchbook.job_log import reporting_to

with reporting_to(snakemake.log[0]):
    explore(
        Path(snakemake.input[0]).parent,
        snakemake.params.classes,
        Path(snakemake.output.summary).parent,
    )
    provenance.record(
        snakemake.output.provenance, snakemake.rule, snakemake.input, dict(snakemake.params.items())
    )
