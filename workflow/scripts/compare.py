"""Entry point of the rule `compare_models`."""

from pathlib import Path

from swatchbook.comparison import compare
from swatchbook.job_log import reporting_to

with reporting_to(snakemake.log[0]):
    compare(
        Path(snakemake.output[0]).parent,
        snakemake.params.models,
        snakemake.params.seeds,
        snakemake.params.settings,
        Path(snakemake.scriptdir).parent / "published",
        snakemake.output[0],
    )
