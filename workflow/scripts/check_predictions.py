"""Entry point of the rule `check_predictions`."""

from pathlib import Path

from swatchbook import provenance
from swatchbook.inspection import check_predictions
from swatchbook.job_log import reporting_to

with reporting_to(snakemake.log[0]):
    check_predictions(
        Path(snakemake.input.pairs).parents[1],
        snakemake.params.models,
        snakemake.params.seeds,
        snakemake.params.classes,
        snakemake.params.confidence,
        Path(snakemake.output.accuracy).parent,
    )
    provenance.record(
        snakemake.output.provenance, snakemake.rule, snakemake.input, dict(snakemake.params.items())
    )
