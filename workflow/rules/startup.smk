"""Startup: what must be right before anything runs.

Requires: rules/places.smk; config/config.yaml in the working directory, or another by --configfile or
from a workflow that uses this one as a module; config/datasets/<name>.yaml there or in the project.
Provides: the library `swatchbook`, importable; `config` checked and completed, with the data sets'
files under "specs"; a refusal, in one line, where a run could not go well.
"""

import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.settings.types import DeploymentMethod

SCRIPTS = WORKFLOW / "scripts"
sys.path.insert(0, str(SCRIPTS))

from swatchbook.errors import SwatchbookError
from swatchbook.files import remove_temporaries
from swatchbook.startup import checks, config_files, configuration, locks, queues

name = workflow.modifier.namespace
where = f"the config of module {name}" if name else "config/config.yaml"

try:
    checks.check_library(SCRIPTS)
    if workflow.is_main_process:
        locks.tell_who_runs(".")
        if workflow.storage_settings.default_storage_provider == "s3":
            checks.check_bucket(
                workflow.storage_registry.default_storage_provider.s3c.meta.client,
                workflow.storage_settings.default_storage_prefix or "",
            )
    if not name:  # a module's files and command line are those of the workflow that uses it
        for file in workflow.configfiles:
            config_files.read(file)
        for file in workflow.config_settings.configfiles:
            config = config_files.overlaid(config, config_files.read(file) or {})
        given = config_files.typed(workflow.config_settings.config)
        config = config_files.overlaid(config, given)
    # A new name, not an update: the dict of a module belongs to the workflow that uses it.
    config = configuration.complete(config, WORKFLOW, where)
    if DeploymentMethod.APPTAINER in workflow.deployment_settings.deployment_method:
        checks.check_container(config["container"], where)
except SwatchbookError as error:
    sys.exit(f"swatchbook: error: {error}")


# Of a module Snakemake does not call it; the workflow that uses this one can.
onstart:
    jobs = workflow.dag.needrun_jobs()
    try:
        queues.check_no_job_left(Path.cwd())
        checks.check_writable(file for job in jobs for file in [*job.output, *job.log])
    except SwatchbookError as error:
        raise WorkflowError(f"swatchbook: error: {error}")
    for folder in ("results/", "resources/"):
        remove_temporaries(with_prefix(folder))
    tell_trainings(workflow.dag)
