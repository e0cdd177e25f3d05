"""Entry point of the rule `look_at_runs`."""

from pathlib import Path

from swatchbook.comparison import look
from swatchbook.job_log import reporting_to

with reporting_to(snakemake.log[0]):
    look(
        Path(snakemake.output[0]).parents[1],
        snakemake.params.models,
        int(snakemake.wildcards.look),
        snakemake.params.settings,
        snakemake.output[0],
    )
