"""Entry point of the rule `write_report`."""

from pathlib import Path

from swatchbook import report
from swatchbook.console import reporting_to

with reporting_to(snakemake.log[0]):
    report.write(
        Path(snakemake.output[0]).parent,
        snakemake.params.config,
        Path(snakemake.scriptdir).parent / "report",
        snakemake.output[0],
    )
