"""Entry point of the rule `bring_web_runtime`."""

from swatchbook.deployment import web_runtime
from swatchbook.job_log import reporting_to
from swatchbook.sources import fetch_package

with reporting_to(snakemake.log[0]):
    fetch_package(web_runtime.PACKAGE, web_runtime.VERSION, web_runtime.SHA256, snakemake.output[0])
