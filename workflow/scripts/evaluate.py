"""Entry point of the rule `evaluate_model`."""

from pathlib import Path

from swatchbook.job_log import reporting_to
from swatchbook.training import evaluate

with reporting_to(snakemake.log[0]):
    evaluate(
        Path(snakemake.input[0]).parent,
        snakemake.input.model,
        snakemake.input.run,
        snakemake.params.device,
        snakemake.params.classes,
        Path(snakemake.output.metrics).parent,
        snakemake.params.views,
        snakemake.params.left,
    )
