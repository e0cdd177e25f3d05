"""Entry point of the rule `draw_figures`."""

from pathlib import Path

from swatchbook import provenance
from swatchbook.figures import draw_comparison
from swatchbook.job_log import reporting_to

with reporting_to(snakemake.log[0]):
    draw_comparison(
        Path(snakemake.input.comparison).parent,
        snakemake.params.models,
        snakemake.params.seeds,
        snakemake.params.reference,
        snakemake.params.classes,
        Path(snakemake.scriptdir).parent / "published",
        Path(snakemake.output[0]).parent,
        snakemake.params.facts,
        snakemake.params.detailed,
        snakemake.params.ablation,
    )
    provenance.record(
        snakemake.output.provenance, snakemake.rule, snakemake.input, dict(snakemake.params.items())
    )
