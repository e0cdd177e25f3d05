"""Entry point of the rule `make_prediction_sets`."""

from pathlib import Path

from swatchbook import provenance
from swatchbook.inspection import make_prediction_sets
from swatchbook.job_log import reporting_to

with reporting_to(snakemake.log[0]):
    make_prediction_sets(
        Path(snakemake.output.summary).parents[1],
        snakemake.params.models,
        snakemake.params.seeds,
        snakemake.params.classes,
        snakemake.params.coverage,
        snakemake.params.confidence,
        snakemake.params.all_models,
        Path(snakemake.output.summary).parent,
    )
    provenance.record(
        snakemake.output.provenance, snakemake.rule, snakemake.input, dict(snakemake.params.items())
    )
