"""Entry point of the rule `write_card`."""

from pathlib import Path

from swatchbook.deployment import write_card
from swatchbook.job_log import reporting_to

with reporting_to(snakemake.log[0]):
    write_card(
        Path(snakemake.input.best).parent,
        snakemake.params.spec,
        snakemake.params.models,
        snakemake.params.confidence,
        Path(snakemake.scriptdir).parent / "card" / "README.md.j2",
        snakemake.output[0],
    )
