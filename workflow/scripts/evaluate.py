"""Entry point of the rule `evaluate_model`."""

from pathlib import Path

from swatchbook import evaluation
from swatchbook.console import reporting_to

with reporting_to(snakemake.log[0]):
    evaluation.evaluate(
        Path(snakemake.input[0]).parent,
        snakemake.input.model,
        snakemake.input.run,
        snakemake.params.device,
        snakemake.params.classes,
        Path(snakemake.output.metrics).parent,
    )
