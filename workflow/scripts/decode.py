"""Entry point of the rule `decode_dataset`."""

from pathlib import Path

from swatchbook import decoding
from swatchbook.console import reporting_to

with reporting_to(snakemake.log[0]):
    decoding.decode(
        snakemake.params.spec,
        Path(snakemake.input.files[0]).parent,
        Path(snakemake.output[0]).parent,
    )
