"""Entry point of the rule `write_report`."""

from pathlib import Path

from swatchbook.job_log import reporting_to
from swatchbook.report import write_report

with reporting_to(snakemake.log[0]):
    workflow = Path(snakemake.scriptdir).parent
    write_report(
        Path(snakemake.output[0]).parent,
        snakemake.params.config,
        workflow / "report",
        workflow / "published",
        snakemake.output[0],
        snakemake.params.prefix,
    )
