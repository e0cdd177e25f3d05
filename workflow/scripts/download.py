"""Entry point of the rule `download_file`."""

from pathlib import Path

from swatchbook import sources
from swatchbook.console import reporting_to
from swatchbook.files import write_json

with reporting_to(snakemake.log[0]):
    receipt = sources.acquire(
        snakemake.config["specs"][snakemake.wildcards.dataset],
        snakemake.wildcards.file,
        Path(snakemake.output.file),
        mirror=snakemake.config["mirror"],
    )
    write_json(snakemake.output.receipt, receipt)
