"""Entry point of the rule `write_try_page`."""

from pathlib import Path

from swatchbook.deployment import write_try_page
from swatchbook.job_log import reporting_to

with reporting_to(snakemake.log[0]):
    write_try_page(
        Path(snakemake.input.sheet).parent,
        Path(snakemake.input[0]).parent,
        snakemake.input.runtime,
        Path(snakemake.scriptdir).parent / "try",
        snakemake.output.page,
        snakemake.output.licences,
    )
