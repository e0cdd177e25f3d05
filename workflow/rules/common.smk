"""What the rules share: the names of files, the digests of code, what jobs ask for.

Requires: rules/places.smk and rules/startup.smk, which say where the workflow is, make the library
importable and complete `config`.
Provides: helpers and constants for the rules.
"""

import json
import sys
from pathlib import Path

from snakemake.exceptions import IncompleteCheckpointException
from snakemake.iocontainers import Wildcards
from swatchbook import provenance
from swatchbook.comparison import looks
from swatchbook.data import SPLITS
from swatchbook.deployment import web_runtime
from swatchbook.figures import catalogue
from swatchbook.figures.colours import model_colours
from swatchbook.training.exports import EXPORTS

PAGE = WORKFLOW / "report"
PUBLISHED = WORKFLOW / "published"

DATASETS = config["datasets"]
MODELS = list(config["models"])
# What every model is trained with; where seeds are as many as a decision needs, there may be more.
FIRST_SEEDS = looks.first_seeds(config["seeds"])
# How comparisons are decided. The margin has no part in those of a fixed list of seeds.
COMPARING = {key: config["comparison"][key] for key in ("reference", "confidence")}
COMPARING["design"] = looks.design(config)

ARRAY_FILES = [f"{array}_{split}.npy" for split in SPLITS for array in "xy"]
ARRAYS = [
    f"results/{{dataset}}/arrays/{file}" for file in (*ARRAY_FILES, "index.csv", "decoding.json")
]
# Of a data set that is decoded by shards: how many there are, by its name.
SHARDED = {name: spec["shards"] for name, spec in config["specs"].items() if spec["shards"]}
WHOLE = [name for name in DATASETS if name not in SHARDED]
PLAN = "results/{dataset}/shards/plan.parquet"
SHARD = "results/{dataset}/arrays/shards/{scatteritem}.npy"
SHARDED_ARRAYS = [
    f"results/{{dataset}}/arrays/{file}"
    for file in ("index.parquet", "shards.json", "decoding.json")
]
# Of a data set whose images are resized some as they came; of another one nothing.
ORIGINALS = "results/{dataset}/arrays/originals.npz"
EXTRACTED = "results/{dataset}/images"
EXPLORED = "results/{dataset}/explore/summary.json"
# What resizing does to images, where it does something.
RESIZING = [f"results/{{dataset}}/explore/resizing.{suffix}" for suffix in ("svg", "json")]
RESIZED = [name for name in DATASETS if catalogue.RESIZED in catalogue.facts_of(config, name)]
CHECKED = [
    "results/{dataset}/checks/summary.json",
    "results/{dataset}/checks/accuracy_without_twins.json",
]
FACTS = catalogue.facts(config)
DRAWN = catalogue.drawn(FACTS)
# Those that decide which figures of a comparison there are: others draw none of them again.
FACTS_OF_COMPARISONS = sorted(
    FACTS & {figure.only_if for figure in catalogue.FIGURES if figure.folder == "figures"}
)
DETAILED = catalogue.detailed(config)
EXPLORE_FIGURES = [figure.name for figure in DRAWN if figure.folder == "explore"]
COMPARISON_FIGURES = [figure.name for figure in DRAWN if figure.folder == "figures"]
INSIDE_SHEETS = ["map.webp", "maps.webp", "nearest.webp"]
INSIDE_FIGURES = [figure.name for figure in DRAWN if figure.folder == "inside"]
CELL = "results/{dataset}/{model}/seed-{seed}"
TRAINED = f"{CELL}/model.keras"
AUGMENTED = "results/{dataset}/{model}/augmented.npy"
EVALUATED = f"{CELL}/metrics.json"
PREDICTED = f"{CELL}/probabilities.npy"
# Beside its checkpoints, what a training leaves to its evaluation, which removes it.
LEFT = "checkpoints/{dataset}/{model}/seed-{seed}.npz"
BEST = "results/{dataset}/best.json"
EXPORTED = "results/{dataset}/best/export.json"
# What a model is and is not good for. It says how to use the ONNX file, so it comes with that.
CARD = "results/{dataset}/best/README.md"
CARDS = [CARD] if "onnx" in config["export"]["formats"] else []
TRY_PAGE = "results/{dataset}/best/try.html"
# How models fail and what they compute: each part of it that is on, and what the page needs of it.
ANALYSIS = config["analysis"]
CORRUPTED = "results/{dataset}/corruptions/right.npz"
CORRUPTION_FIGURES = [figure.name for figure in DRAWN if figure.folder == "corruptions"]
ANALYSED = [
    f"results/{{dataset}}/{file}"
    for part, files in {
        "corruptions": ["corruptions/summary.json"],
        "prediction_sets": ["prediction_sets/summary.json", "prediction_sets/runs.csv"],
        "label_errors": ["label_errors/summary.json", "label_errors/issues.csv"],
        "look_inside": [f"inside/{file}" for file in ("inside.json", *INSIDE_SHEETS)],
    }.items()
    if ANALYSIS[part]
    for file in files
]
# The search over recipes, if there is one, and of each data set its batches, trials and result.
SEARCH = config["search"]
SEARCHED = "results/{dataset}/search"
BATCH = f"{SEARCHED}/batch-{{batch}}.json"
OUTCOME = f"{SEARCHED}/trial-{{trial}}.json"
FOUND = [f"{SEARCHED}/{file}" for file in ("search.json", "trials.csv", "best.yaml")]
LOOKED = "results/{dataset}/looks/{look}.json"
COMPARED = [
    "results/{dataset}/comparison.json",
    "results/{dataset}/figures/learning_curves.svg",
]


scattergather:
    **{f"{count} shards": count for count in SHARDED.values()},


wildcard_constraints:
    dataset="|".join(DATASETS),
    model="|".join(MODELS),
    seed=r"\d+",
    look=r"\d+",


def growing(amount: int, sharded: int | None = None):
    """Make a resource that a job asks for: as much again with each attempt.

    On a cluster a job that needs more than it asked for is ended. Where jobs are tried again
    (`retries` in a profile), the next attempt has room. The amounts are what was measured with the
    default configuration and at least half as much again; `sharded` is that for a data set in
    shards, measured with a million images, where it is another. See docs/clusters.md.
    """

    def amount_of(wildcards: Wildcards, attempt: int) -> int:
        is_sharded = sharded is not None and wildcards.dataset in SHARDED
        return (sharded if is_sharded else amount) * attempt

    return amount_of


def stage(target: str, rule_names: str | list[str], files):
    """Make an input function for a stage: its files, and its jobs forced if the stage is.

    Snakemake cannot have a rule with wildcards as a target, so the target `train` and the rule
    `train_model` are two; `--forcerun train` is passed on here to what it means. A workflow that uses
    this one as a module may have given both other names, and may leave one out.
    """
    if isinstance(rule_names, str):
        rule_names = [rule_names]
    target, *rule_names = map(workflow.modifier.modify_rulename, (target, *rule_names))

    def inputs(wildcards: Wildcards):
        forced = workflow.dag.forcerules
        names = {rule.name for rule in forced}
        if target in names:
            forced.update(workflow.get_rule(name) for name in rule_names if workflow.is_rule(name))
        return files(wildcards) if callable(files) else files

    return inputs


def try_pages(wildcards: Wildcards) -> list[str]:
    """Return the page for trying the model of every data set."""
    if "onnx" not in config["export"]["formats"]:
        # Snakemake would wrap any other exception in lines about its own working.
        sys.exit("swatchbook: error: export.formats: without onnx there is no page (add it)")
    return expand(TRY_PAGE, dataset=DATASETS)


def code_digest(script: str) -> str:
    """Return a digest of an entry point and the library modules that it leads to."""
    return provenance.code_digest(SCRIPTS / f"{script}.py")


def published_digest() -> str:
    """Return a digest of the published figures that results are placed beside."""
    return provenance.files_digest(sorted(PUBLISHED.glob("*.csv")))


def page_digest() -> str:
    """Return a digest of the files of the report's page."""
    parts = ("*.*", "sections/*.j2", "vendor/*.min.js")
    return provenance.files_digest(sorted(file for part in parts for file in PAGE.glob(part)))


def dataset_classes(wildcards: Wildcards) -> list[str]:
    """Return the class names of one data set."""
    return config["specs"][wildcards.dataset]["classes"]


def dataset_image(wildcards: Wildcards) -> dict:
    """Return what the images of one data set are made into."""
    return config["specs"][wildcards.dataset]["image"]


def dataset_description(wildcards: Wildcards) -> dict:
    """Return what an exported model says of its data set."""
    spec = config["specs"][wildcards.dataset]
    return {key: spec[key] for key in ("title", "image", "classes")}


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


def drawn_ablation() -> dict | None:
    """Return what figures need of an ablation: the models of each change, and the grid."""
    ablation = config["ablation"]
    if not ablation:
        return None
    changes: dict = {}
    for model, made in ablation["variants"].items():
        if "cell" not in made:
            changes.setdefault(made["change"], {})[model] = made["shown"]
    axes = list(ablation.get("grid") or {})
    return {
        "changes": changes,
        "grid": {"axes": axes, "cells": ablation["cells"]} if axes else None,
    }


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


def seeds_of(dataset: str) -> tuple[list[int], list[str]]:
    """Return the seeds of one data set's models as far as they are known, and what is to be asked.

    Where they are as many as a decision needs, each look says whether there is to be another one. A
    look that is still to be done is an input of whatever asks for runs: when it is done, Snakemake
    asks again.
    """
    there = len(FIRST_SEEDS)
    while COMPARING["design"]:
        found = look_of(dataset, there)
        if found is None:
            return list(range(there)), [LOOKED.format(dataset=dataset, look=there)]
        if not found["next"]:
            return list(range(there)), []
        there = found["next"]
    return FIRST_SEEDS, []


def look_of(dataset: str, look: int) -> dict | None:
    """Return what a look has found; `None` where it was never done.

    Where it was, but Snakemake does not know yet whether to do it again, it takes the exception for
    a need of the look and goes on from there. That would not do for one that was never done: results
    of an earlier configuration, if there are any, would count as up to date until then, and nothing
    would be done.
    """
    try:
        (file,) = checkpoints.look_at_runs.get(dataset=dataset, look=look).output
    except IncompleteCheckpointException as question:
        if is_there(question.targetfile):
            raise
        return None
    if not Path(file).exists():
        # On storage. Snakemake brings what a job reads, and this is read by none.
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        file.storage_object.retrieve_object()
    return json.loads(Path(file).read_text(encoding="utf-8"))


def is_there(file) -> bool:
    """Say whether an output exists where the results are."""
    stored = getattr(file, "is_storage", False)
    return file.storage_object.exists() if stored else Path(file).exists()


def dataset_seeds(wildcards: Wildcards) -> list[int]:
    """Return the seeds of one data set's models."""
    return seeds_of(wildcards.dataset)[0]


def cells_of(pattern: str, dataset: str, models: list[str] = MODELS) -> list[str]:
    """Return a file of every model and seed of one data set, and what is still to be asked."""
    seeds, asked = seeds_of(dataset)
    return expand(pattern, dataset=dataset, model=models, seed=seeds) + asked


def of_all_runs(pattern: str, models: list[str] = MODELS):
    """Make an input function for a file of every model, or of some, and seed of one data set."""

    def files(wildcards: Wildcards) -> list[str]:
        return cells_of(pattern, wildcards.dataset, models)

    return files


def seeds_under_corruption(dataset: str) -> tuple[list[int], list[str]]:
    """Return the first seeds of one data set, as many as are wanted, and what is to be asked.

    Of a cross-validation whole repetitions, at least one. Nothing is asked where the seeds that
    there are in any case will do.
    """
    wanted = ANALYSIS["corruptions"]["seeds"]
    folds = config["specs"][dataset]["split"].get("folds")
    if folds:
        return sorted(FIRST_SEEDS)[: max(1, wanted // folds) * folds], []
    if wanted <= len(FIRST_SEEDS):
        return FIRST_SEEDS[:wanted], []
    seeds, asked = seeds_of(dataset)
    return seeds[:wanted], asked if len(seeds) < wanted else []


def corrupted_seeds(wildcards: Wildcards) -> list[int]:
    """Return the seeds whose runs are shown corrupted images."""
    return seeds_under_corruption(wildcards.dataset)[0]


def corrupted_cells(pattern: str):
    """Make an input function for a file of every run that is shown corrupted images."""

    def files(wildcards: Wildcards) -> list[str]:
        seeds, asked = seeds_under_corruption(wildcards.dataset)
        return expand(pattern, dataset=wildcards.dataset, model=DETAILED, seed=seeds) + asked

    return files


def analysis_device() -> str:
    """Return what corrupted images are predicted on: a GPU only where a model may take one."""
    devices = {config["models"][model]["training"]["device"] for model in DETAILED}
    return "cpu" if devices == {"cpu"} else "auto"


def analysed(wildcards: Wildcards) -> list[str]:
    """Return what is analysed of every data set."""
    if not ANALYSED:
        sys.exit(
            f"swatchbook: error: {where}: nothing under 'analysis' is on, so there is nothing to "
            "analyse (config/README.md says what to write there)"
        )
    return expand(ANALYSED, dataset=DATASETS)


def of_every_cell(pattern: str):
    """Make an input function for a file of every data set, model and seed."""

    def files(wildcards: Wildcards) -> list[str]:
        return [file for dataset in DATASETS for file in cells_of(pattern, dataset)]

    return files


def of_looked_at_runs(pattern: str):
    """Make an input function for a file of every model and seed that a look is at."""

    def files(wildcards: Wildcards) -> list[str]:
        seeds = range(int(wildcards.look))
        return expand(pattern, dataset=wildcards.dataset, model=MODELS, seed=seeds)

    return files


def found_by_searches(wildcards: Wildcards) -> list[str]:
    """Return what the search on each data set has found."""
    if not SEARCH:
        sys.exit(
            f"swatchbook: error: {where}: key 'search' is null, so there is nothing to search for "
            "(config/README.md says what to write there)"
        )
    return expand(FOUND, dataset=DATASETS)


def search_of(*keys: str) -> dict:
    """Return some of the search's settings: those that a job depends on, so that others rerun none."""
    return {key: SEARCH[key] for key in keys}


def outcomes_of_earlier_batches(wildcards: Wildcards) -> list[str]:
    """Return what came of each trial before a batch."""
    earlier = range(int(wildcards.batch) * SEARCH["batch"])
    return expand(OUTCOME, dataset=wildcards.dataset, trial=earlier)


def trials_of_batch(wildcards: Wildcards) -> int:
    """Return how many trials a batch has; the last one may have fewer."""
    return min(SEARCH["batch"], SEARCH["trials"] - int(wildcards.batch) * SEARCH["batch"])


def batch_of_trial(wildcards: Wildcards) -> str:
    """Return what asks for a trial."""
    return BATCH.format(dataset=wildcards.dataset, batch=int(wildcards.trial) // SEARCH["batch"])


def trial_minutes(wildcards: Wildcards, attempt: int) -> int:
    """Return the minutes that a job asks for to train one trial, as long as it may be."""
    return (30 + 3 * SEARCH["derived"]["epochs"]) * attempt


def tell_trainings(dag) -> None:
    """Tell the plugin that shows the run (terminal/) which trainings there are.

    Snakemake tells it how many jobs of a rule there are, and of which model and seed one is only when
    it starts. Those whose results are there already it never tells of.
    """
    jobs = [job for job in dag.jobs if job.rule.name == "train_model"]
    evaluated = {
        tuple(job.wildcards): job.output.metrics
        for job in dag.jobs
        if job.rule.name == "evaluate_model" and not dag.needrun(job)
    }
    if not jobs:
        return
    trainings = [
        {
            "wildcards": {key: str(value) for key, value in job.wildcards.items()},
            "log": str(job.log[0]),
            "is_to_run": dag.needrun(job),
            "metrics": str(evaluated.get(tuple(job.wildcards), "")),
        }
        for job in sorted(jobs, key=in_order)
    ]
    told = {
        "titles": {name: spec["title"] for name, spec in config["specs"].items()},
        "colours": model_colours(MODELS),
        "trainings": trainings,
    }
    logger.info(f"{len(jobs)} trainings, done or to run", extra={"swatchbook": told})


def in_order(job) -> tuple[int, int, int]:
    """Return the place of a training: data sets and models as in the configuration, then seeds."""
    of = job.wildcards
    return DATASETS.index(of.dataset), MODELS.index(of.model), int(of.seed)
