"""Entry point of the rule `check_predictions`."""

from pathlib import Path

from swatchbook import prediction_checks, provenance
from swatchbook.console import reporting_to

with reporting_to(snakemake.log[0]):
    prediction_checks.check(
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
