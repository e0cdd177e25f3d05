"""Entry point of the rule `compare_models`."""

from pathlib import Path

from swatchbook.comparison import compare, rate_classes
from swatchbook.job_log import reporting_to

with reporting_to(snakemake.log[0]):
    results = Path(snakemake.output.comparison).parent
    models, seeds = snakemake.params.models, snakemake.params.seeds
    settings = snakemake.params.settings
    compare(
        results,
        models,
        seeds,
        settings,
        Path(snakemake.scriptdir).parent / "published",
        snakemake.output.comparison,
    )
    rate_classes(
        results,
        models,
        seeds,
        snakemake.params.classes,
        settings["confidence"],
        snakemake.output.per_class,
    )
