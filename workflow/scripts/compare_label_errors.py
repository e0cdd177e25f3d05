"""Entry point of the rule `compare_label_errors`."""

from pathlib import Path

from swatchbook import provenance
from swatchbook.inspection import compare_label_errors
from swatchbook.job_log import reporting_to

with reporting_to(snakemake.log[0]):
    compare_label_errors(
        Path(snakemake.output.summary).parents[1],
        snakemake.params.models,
        snakemake.params.seeds,
        snakemake.params.classes,
        Path(snakemake.output.summary).parent,
    )
    provenance.record(
        snakemake.output.provenance, snakemake.rule, snakemake.input, dict(snakemake.params.items())
    )
