"""Entry point of the rule `write_report`."""

from pathlib import Path

from swatchbook import report
from swatchbook.console import reporting_to

with reporting_to(snakemake.log[0]):
    workflow = Path(snakemake.scriptdir).parent
    report.write(
        Path(snakemake.output[0]).parent,
        snakemake.params.config,
        workflow / "report",
        workflow / "published",
        snakemake.output[0],
    )
