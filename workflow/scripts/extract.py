"""Entry point of the rule `extract_images`."""

from pathlib import Path

from swatchbook.data import extract
from swatchbook.job_log import reporting_to

with reporting_to(snakemake.log[0]):
    extract(Path(snakemake.input[0]).parent, snakemake.output[0])
