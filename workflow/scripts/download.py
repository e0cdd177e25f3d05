"""Entry point of the rule `download_file`."""

from pathlib import Path

from swatchbook.files import write_json
from swatchbook.job_log import reporting_to
from swatchbook.sources import acquire

with reporting_to(snakemake.log[0]):
    receipt = acquire(
        snakemake.config["specs"][snakemake.wildcards.dataset],
        snakemake.wildcards.file,
        Path(snakemake.output.file),
        mirror=snakemake.config["mirror"],
    )
    write_json(snakemake.output.receipt, receipt)
