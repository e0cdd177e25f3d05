"""Startup: what must be right before anything runs.

Requires: config/config.yaml in the working directory or another by --configfile, and
config/datasets/<name>.yaml there or in the project.
Provides: the library `swatchbook`, importable; `config` checked and completed, with the data sets'
files under "specs"; a refusal, in one line, where a run could not go well.
"""

import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.settings.types import DeploymentMethod

WORKFLOW = Path(workflow.current_basedir.get_path_or_uri(secret_free=True)).parent
LIBRARY = WORKFLOW / "scripts"
sys.path.insert(0, str(LIBRARY))

from swatchbook.errors import ConfigurationError, DownloadError, QueueError
from swatchbook.files import remove_temporaries, unwritable_folders
from swatchbook.startup import configuration, locks, queues

# Snakemake's own message about its lock does not say whose it is.
if workflow.is_main_process and any(Path(".snakemake/locks").glob("*.lock")):
    if runs := locks.runs_in("."):
        print(f"swatchbook: {locks.told('.', runs)}", file=sys.stderr)

# The same: thousands of lines, if the bucket for the results cannot be used.
if workflow.is_main_process and workflow.storage_settings.default_storage_provider == "s3":
    from swatchbook.sources import buckets

    client = workflow.storage_registry.default_storage_provider.s3c.meta.client
    address = workflow.storage_settings.default_storage_prefix or ""
    try:
        buckets.check(client, address)
    except DownloadError as error:
        sys.exit(
            f"swatchbook: error: {address}: {error.what} (check the options --storage-s3-… and "
            "SNAKEMAKE_STORAGE_S3_…, which come first, and the variables AWS_…)"
        )

try:
    config.update(configuration.complete(config, WORKFLOW))
except ConfigurationError as error:
    sys.exit(f"swatchbook: error: {error}")

# Snakemake would run the jobs without a container, and not say so.
if DeploymentMethod.APPTAINER in workflow.deployment_settings.deployment_method:
    if not config["container"]:
        sys.exit(
            "swatchbook: error: config/config.yaml: container: null, but --sdm apptainer is given "
            "(name an image: docker://… or the path of a .sif file)"
        )


onstart:
    # Jobs that a killed run left in a cluster's queue go on writing, and Snakemake does not know it.
    try:
        queues.check_no_job_left(Path.cwd())
    except QueueError as error:
        raise WorkflowError(f"swatchbook: error: {error}")
    # It would end with a traceback.
    jobs = list(workflow.dag.needrun_jobs())
    for place in unwritable_folders(file for job in jobs for file in [*job.output, *job.log]):
        raise WorkflowError(
            f"swatchbook: error: {place}: cannot be written: read-only, or no permission"
        )
    for folder in ("results", "resources"):
        remove_temporaries(folder)
