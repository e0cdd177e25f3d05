"""Entry point of the rule `sum_up_corruptions`."""

from pathlib import Path

from swatchbook import provenance
from swatchbook.inspection import sum_up_corruptions
from swatchbook.job_log import reporting_to

with reporting_to(snakemake.log[0]):
    sum_up_corruptions(
        Path(snakemake.output.summary).parents[1],
        snakemake.params.models,
        snakemake.params.seeds,
        snakemake.params.reference,
        snakemake.params.confidence,
        snakemake.params.all_models,
        Path(snakemake.output.summary).parent,
    )
    provenance.record(
        snakemake.output.provenance, snakemake.rule, snakemake.input, dict(snakemake.params.items())
    )
