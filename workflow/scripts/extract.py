"""Entry point of the rule `extract_images`."""

from pathlib import Path

from swatchbook import decoding
from swatchbook.console import reporting_to

# No parameter of the rule: other limits let in the same images, and train nothing again.
limits = snakemake.config["specs"][snakemake.wildcards.dataset]["limits"]

with reporting_to(snakemake.log[0]):
    decoding.extract(
        snakemake.params.spec | {"limits": limits},
        Path(snakemake.input.files[0]).parent,
        snakemake.output[0],
    )
