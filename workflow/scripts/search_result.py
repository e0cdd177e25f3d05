"""Entry point of the rule `search_result`."""

from pathlib import Path

from swatchbook import provenance
from swatchbook.job_log import reporting_to
from swatchbook.search import conclude

with reporting_to(snakemake.log[0]):
    conclude(
        snakemake.input.batches,
        snakemake.input.outcomes,
        snakemake.params.search,
        snakemake.params.common,
        snakemake.params.reference,
        Path(snakemake.output.best).parent,
        snakemake.params.told_as,
    )
    provenance.record(
        snakemake.output.provenance, snakemake.rule, snakemake.input, dict(snakemake.params.items())
    )
