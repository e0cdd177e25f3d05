"""Entry point of the rule `ask_trials`."""

from swatchbook.job_log import reporting_to
from swatchbook.search import ask_trials

with reporting_to(snakemake.log[0]):
    ask_trials(
        snakemake.params.search,
        snakemake.params.base,
        snakemake.input,
        snakemake.params.trials,
        snakemake.output[0],
    )
