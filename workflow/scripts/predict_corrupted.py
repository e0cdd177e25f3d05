"""Entry point of the rule `predict_corrupted`."""

from pathlib import Path

from swatchbook.job_log import reporting_to
from swatchbook.training import predict_corrupted

with reporting_to(snakemake.log[0]):
    predict_corrupted(
        Path(snakemake.output[0]).parents[1],
        snakemake.params.models,
        snakemake.params.seeds,
        len(snakemake.params.classes),
        snakemake.params.images,
        snakemake.params.device,
        snakemake.threads,
        snakemake.output[0],
    )
