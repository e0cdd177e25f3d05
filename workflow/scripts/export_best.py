"""Entry point of the rule `export_best`."""

from pathlib import Path

from swatchbook.deployment import chosen_run, export
from swatchbook.job_log import reporting_to
from swatchbook.training import exportable

with reporting_to(snakemake.log[0]):
    arrays = Path(snakemake.input[0]).parent
    run = chosen_run(snakemake.input.best)
    calibrated_by = snakemake.params.calibration_images
    export(
        exportable(run / "model.keras", run / "run.json", arrays, calibrated_by),
        snakemake.params.formats,
        arrays,
        run,
        snakemake.params.about,
        snakemake.params.false_alarms,
        Path(snakemake.output.record).parent,
    )
