"""What the rules share: the names of files, the digests of code, what jobs ask for.

Requires: rules/places.smk and rules/startup.smk, which say where the workflow is, make the library
importable and complete `config`.
Provides: helpers and constants for the rules.
"""

from snakemake.iocontainers import Wildcards
from swatchbook import provenance
from swatchbook.data import SPLITS
from swatchbook.figures import catalogue

PAGE = WORKFLOW / "report"
PUBLISHED = WORKFLOW / "published"

DATASETS = config["datasets"]
MODELS = list(config["models"])
SEEDS = config["seeds"]
CELLS = {"dataset": DATASETS, "model": MODELS, "seed": SEEDS}

ARRAY_FILES = [f"{array}_{split}.npy" for split in SPLITS for array in "xy"]
ARRAYS = expand("results/{{dataset}}/arrays/{file}", file=[*ARRAY_FILES, "index.csv"])
EXTRACTED = "results/{dataset}/images"
EXPLORED = "results/{dataset}/explore/summary.json"
CHECKED = [
    "results/{dataset}/checks/summary.json",
    "results/{dataset}/checks/accuracy_without_twins.json",
]
FACTS = catalogue.facts(config)
DRAWN = catalogue.drawn(FACTS)
EXPLORE_FIGURES = [figure.name for figure in DRAWN if figure.folder == "explore"]
COMPARISON_FIGURES = [figure.name for figure in DRAWN if figure.folder == "figures"]
CELL = "results/{dataset}/{model}/seed-{seed}"
TRAINED = f"{CELL}/model.keras"
AUGMENTED = "results/{dataset}/{model}/augmented.npy"
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
    `train_model` are two; `--forcerun train` is passed on here to what it means. A workflow that uses
    this one as a module may have given both other names, and may leave one out.
    """
    target, rule_name = map(workflow.modifier.modify_rulename, (target, rule_name))

    def inputs(wildcards: Wildcards):
        forced = workflow.dag.forcerules
        names = {rule.name for rule in forced}
        if target in names and workflow.is_rule(rule_name):
            forced.add(workflow.get_rule(rule_name))
        return files(wildcards) if callable(files) else files

    return inputs


def code_digest(script: str) -> str:
    """Return a digest of an entry point and the library modules that it leads to."""
    return provenance.code_digest(SCRIPTS / f"{script}.py")


def published_digest() -> str:
    """Return a digest of the published figures that results are placed beside."""
    return provenance.files_digest(sorted(PUBLISHED.glob("*.csv")))


def page_digest() -> str:
    """Return a digest of the files of the report's page."""
    return provenance.files_digest(sorted([*PAGE.glob("*.*"), *PAGE.glob("sections/*.j2")]))


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
    folder = with_prefix(f"resources/{wildcards.dataset}/")
    paths = [local(f"{folder}{file}") for file in spec["files"]]
    return [ancient(path) for path in paths] if spec["content"] else paths


def file_pins(wildcards: Wildcards) -> list[str]:
    """Return the digests that one file may have."""
    files = config["specs"][wildcards.dataset]["files"]
    return files.get(wildcards.file, {}).get("sha256", [])


def dataset_content(wildcards: Wildcards) -> dict:
    """Return what the arrays depend on in a data set's file."""
    spec = config["specs"][wildcards.dataset]
    keys = ("format", "image", "classes", spec["format"], "content", "split")
    return {key: spec[key] for key in keys if key in spec}


def dataset_classes(wildcards: Wildcards) -> list[str]:
    """Return the class names of one data set."""
    return config["specs"][wildcards.dataset]["classes"]


def model_layers(wildcards: Wildcards) -> list[dict]:
    """Return the layers of one model."""
    return config["models"][wildcards.model]["layers"]


def results_prefix(wildcards: Wildcards) -> str:
    """Return what results are asked for by, which is not where they are if that is on storage."""
    return with_prefix("results/")


def model_training(wildcards: Wildcards) -> dict:
    """Return the training settings of one model."""
    return config["models"][wildcards.model]["training"]


def model_augmentation(wildcards: Wildcards) -> list[dict]:
    """Return what is done to one model's training images."""
    return model_training(wildcards)["augmentation"]


def augmented_images(wildcards: Wildcards) -> list[str]:
    """Return what shows the augmentation of one data set's models, of those that have one."""
    models = [name for name in MODELS if config["models"][name]["training"]["augmentation"]]
    return expand(AUGMENTED, dataset=wildcards.dataset, model=models)


def training_threads(wildcards: Wildcards) -> int:
    """Return the CPU threads of one model's trainings and evaluations."""
    return model_training(wildcards)["threads"]


def training_minutes(wildcards: Wildcards, attempt: int) -> int:
    """Return the minutes that a job asks for to train one model.

    The default models need half a minute an epoch at most on one shared CPU core; six times that.
    """
    return (30 + 3 * model_training(wildcards)["epochs"]) * attempt


def evaluation_device(wildcards: Wildcards) -> str:
    """Return what one model is evaluated on.

    Where trainings need a GPU, an evaluation does not wait for one on a node without any.
    """
    return "cpu" if model_training(wildcards)["device"] == "cpu" else "auto"


def of_all_runs(pattern: str):
    """Make an input function for a file of every model and seed of one data set."""

    def files(wildcards: Wildcards) -> list[str]:
        return expand(pattern, dataset=wildcards.dataset, model=MODELS, seed=SEEDS)

    return files
