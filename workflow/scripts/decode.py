"""Entry point of the rule `decode_dataset`."""

from pathlib import Path

from swatchbook.data import decode
from swatchbook.job_log import reporting_to

# No parameter of the rule: other limits let in the same images, and train nothing again.
limits = snakemake.config["specs"][snakemake.wildcards.dataset]["limits"]

with reporting_to(snakemake.log[0]):
    decode(
        snakemake.params.spec | {"limits": limits},
        Path(snakemake.input.files[0]).parent,
        Path(snakemake.output[0]).parent,
    )
