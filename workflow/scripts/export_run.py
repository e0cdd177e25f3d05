"""Entry point of the rule `export_run`."""

from pathlib import Path

from swatchbook.deployment import export
from swatchbook.job_log import reporting_to
from swatchbook.training import exportable

with reporting_to(snakemake.log[0]):
    arrays = Path(snakemake.input[0]).parent
    model = snakemake.input.model
    export(
        exportable(model, snakemake.input.run, arrays, snakemake.params.calibration_images),
        snakemake.params.formats,
        arrays,
        Path(model).parent,
        snakemake.params.about,
        snakemake.params.false_alarms,
        Path(snakemake.output.record).parent,
    )
