"""Entry point of the rule `extract_images`."""

from pathlib import Path

from swatchbook import decoding
from swatchbook.console import reporting_to

with reporting_to(snakemake.log[0]):
    decoding.extract(
        snakemake.params.spec, Path(snakemake.input.files[0]).parent, snakemake.output[0]
    )
