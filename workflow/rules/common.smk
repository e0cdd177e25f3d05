"""What the rules share: the checked configuration, the names of files, the digests of code.

Requires: config/config.yaml in the working directory or another by --configfile, and
config/datasets/<name>.yaml there or in the project.
Provides: `config` checked and completed, with the data sets' files under "specs".
"""

import os
import sys
from pathlib import Path

from snakemake.iocontainers import Wildcards
from snakemake.settings.types import DeploymentMethod

WORKFLOW = Path(workflow.current_basedir.get_path_or_uri(secret_free=True)).parent
LIBRARY = WORKFLOW / "scripts"
PAGE = WORKFLOW / "report"
PUBLISHED = WORKFLOW / "published"
SCHEMAS = WORKFLOW / "schemas"
# The working directory's own, then those that come with the workflow.
DATASET_FOLDERS = [Path("config/datasets"), WORKFLOW.parent / "config" / "datasets"]
sys.path[:0] = [str(LIBRARY), str(WORKFLOW)]

import locks
from swatchbook import configuration, provenance, queues
from swatchbook.errors import ConfigurationError, DownloadError, QueueError
from swatchbook.files import remove_temporaries, unwritable_folders
from swatchbook.names import EXPLORE_FIGURES, comparison_figures
from swatchbook.splits import SPLITS

# Snakemake's own message about its lock does not say whose it is.
if workflow.is_main_process and any(Path(".snakemake/locks").glob("*.lock")):
    if runs := locks.runs_in("."):
        print(f"swatchbook: {locks.told('.', runs)}", file=sys.stderr)

# The same: thousands of lines, if the bucket for the results cannot be used.
if workflow.is_main_process and workflow.storage_settings.default_storage_provider == "s3":
    from swatchbook import buckets

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
    config.update(
        configuration.checked_config(config, SCHEMAS / "config.schema.json", "config/config.yaml")
    )
    config["specs"] = {
        name: configuration.load_dataset(name, DATASET_FOLDERS, SCHEMAS / "dataset.schema.json")
        for name in config["datasets"]
    }
except ConfigurationError as error:
    sys.exit(f"swatchbook: error: {error}")

# Snakemake would run the jobs without a container, and not say so.
if DeploymentMethod.APPTAINER in workflow.deployment_settings.deployment_method:
    if not config["container"]:
        sys.exit(
            "swatchbook: error: config/config.yaml: container: null, but --sdm apptainer is given "
            "(name an image: docker://… or the path of a .sif file)"
        )

DATASETS = config["datasets"]
MODELS = list(config["models"])
SEEDS = config["seeds"]
CELLS = {"dataset": DATASETS, "model": MODELS, "seed": SEEDS}

# The default models need half a minute an epoch at most on one shared CPU core; six times that.
TRAINING_MINUTES = 30 + 3 * config["training"]["epochs"]

ARRAY_FILES = [f"{array}_{split}.npy" for split in SPLITS for array in "xy"]
ARRAYS = expand("results/{{dataset}}/arrays/{file}", file=[*ARRAY_FILES, "index.csv"])
EXTRACTED = "results/{dataset}/images"
EXPLORED = "results/{dataset}/explore/summary.json"
CHECKED = [
    "results/{dataset}/checks/summary.json",
    "results/{dataset}/checks/accuracy_without_twins.json",
]
CELL = "results/{dataset}/{model}/seed-{seed}"
TRAINED = f"{CELL}/model.keras"
EVALUATED = f"{CELL}/metrics.json"
COMPARED = [
    "results/{dataset}/comparison.json",
    "results/{dataset}/figures/learning_curves.svg",
]


wildcard_constraints:
    dataset="|".join(DATASETS),
    model="|".join(MODELS),
    seed=r"\d+",


def growing(amount: int):
    """Make a resource that a job asks for: as much again with each attempt.

    On a cluster a job that needs more than it asked for is ended. Where jobs are tried again
    (`retries` in a profile), the next attempt has room. The amounts are what was measured with the
    default configuration and at least half as much again; see docs/clusters.md.
    """

    def amount_of(wildcards: Wildcards, attempt: int) -> int:
        return amount * attempt

    return amount_of


def stage(target: str, rule_name: str, files):
    """Make an input function for a stage: its files, and its jobs forced if the stage is.

    Snakemake cannot have a rule with wildcards as a target, so the target `train` and the rule
    `train_model` are two; `--forcerun train` is passed on here to what it means.
    """

    def inputs(wildcards: Wildcards):
        forced = workflow.dag.forcerules
        if workflow.get_rule(target) in forced:
            forced.add(workflow.get_rule(rule_name))
        return files(wildcards) if callable(files) else files

    return inputs


def code_digest(script: str) -> str:
    """Return a digest of an entry point and the library modules that it leads to."""
    return provenance.code_digest(LIBRARY / f"{script}.py")


def published_digest() -> str:
    """Return a digest of the published figures that results are placed beside."""
    return provenance.files_digest(sorted(PUBLISHED.glob("*.csv")))


def page_digest() -> str:
    """Return a digest of the files of the report's page."""
    return provenance.files_digest(sorted(path for path in PAGE.iterdir() if path.is_file()))


def receipts_of_all(wildcards: Wildcards) -> list[str]:
    """Return the receipts of every file of every data set."""
    return [
        f"results/{name}/download/{file}.json"
        for name, spec in config["specs"].items()
        for file in spec["files"]
    ]


def dataset_receipts(wildcards: Wildcards) -> list:
    """Return the receipts of one data set; a new receipt for the same file changes nothing."""
    files = config["specs"][wildcards.dataset]["files"]
    return [ancient(f"results/{wildcards.dataset}/download/{file}.json") for file in files]


def dataset_files(wildcards: Wildcards) -> list:
    """Return the files of one data set.

    Where the content is pinned the age of a file says nothing, so a fresh checkout or a second
    download of the same content does not decode and train again.
    """
    spec = config["specs"][wildcards.dataset]
    paths = [local(f"resources/{wildcards.dataset}/{file}") for file in spec["files"]]
    return [ancient(path) for path in paths] if spec["content"] else paths


def file_pins(wildcards: Wildcards) -> list[str]:
    """Return the digests that one file may have."""
    files = config["specs"][wildcards.dataset]["files"]
    return files.get(wildcards.file, {}).get("sha256", [])


def dataset_content(wildcards: Wildcards) -> dict:
    """Return what the arrays depend on in a data set's file."""
    spec = config["specs"][wildcards.dataset]
    keys = ("format", "image", "classes", "idx", "archive", "content", "split")
    return {key: spec[key] for key in keys if key in spec}


def dataset_classes(wildcards: Wildcards) -> list[str]:
    """Return the class names of one data set."""
    return config["specs"][wildcards.dataset]["classes"]


def model_layers(wildcards: Wildcards) -> list[dict]:
    """Return the layers of one model."""
    return config["models"][wildcards.model]["layers"]


def of_all_runs(pattern: str):
    """Make an input function for a file of every model and seed of one data set."""

    def files(wildcards: Wildcards) -> list[str]:
        return expand(pattern, dataset=wildcards.dataset, model=MODELS, seed=SEEDS)

    return files
