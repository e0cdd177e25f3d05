"""Which of a data set's runs is exported as its best."""

import csv
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from swatchbook.files import read_json, write_json

BY_VALIDATION = (
    "the highest validation accuracy of the weights that were kept, then the lowest validation "
    "loss, then the fewest parameters"
)
BY_MEAN_VALIDATION = (
    "the model with the highest validation accuracy of the weights that were kept, in the mean "
    "over its folds, then the lowest validation loss, then the fewest parameters; of its runs the "
    "first, since each is validated on other images"
)
WITHOUT_VALIDATION = (
    "no image is held out for validation, and the test images must not choose: the reference "
    "model's first seed"
)


def choose_best(
    results: str | Path,
    models: Sequence[str],
    seeds: Sequence[int],
    reference: str,
    output: str | Path,
) -> None:
    """Write which run of a data set is the best: ``model``, ``seed`` and why.

    Test images have no say: the accuracy on them would not be that of new images any more. Where
    there are no validation images nothing is measured that could choose, and the training's own
    accuracy would prefer what learns by heart; so it is the model that the comparison starts from.
    Runs of a cross-validation are validated on images of their own, and it is luck which of them is
    ahead: there the mean over a model's runs chooses.

    Parameters
    ----------
    results
        The data set's folder with ``<model>/seed-<seed>/``, each with ``history.csv`` and
        ``run.json``.
    models, seeds
        Which runs there are; the first of equally good ones is taken.
    reference
        The model that others are compared with.
    output
        The JSON file to write.
    """
    runs = [_run(Path(results), model, seed) for model in models for seed in seeds]
    first = Path(results) / models[0] / f"seed-{seeds[0]}" / "run.json"
    if all(run["validation_accuracy"] is not None for run in runs):
        chosen, reason = min(runs, key=_rank), BY_VALIDATION
        if "fold" in read_json(first):
            model = min(models, key=lambda name: _mean_rank(runs, name))
            chosen = next(run for run in runs if run["model"] == model)
            reason = BY_MEAN_VALIDATION
    else:
        chosen = next(run for run in runs if run["model"] == reference)
        reason = WITHOUT_VALIDATION
    write_json(output, {**chosen, "chosen_by": reason, "runs": runs})


def _rank(run: Mapping[str, Any]) -> tuple[float, float, int]:
    return -run["validation_accuracy"], run["validation_loss"], run["parameters"]


def _mean_rank(runs: Sequence[Mapping[str, Any]], model: str) -> tuple[float, float, int]:
    """Return what ranks a cross-validated model by all of its runs."""
    of_model = [_rank(run) for run in runs if run["model"] == model]
    accuracy, loss = (statistics.fmean(rank[place] for rank in of_model) for place in (0, 1))
    return accuracy, loss, of_model[0][2]


def _run(results: Path, model: str, seed: int) -> dict[str, Any]:
    """Return what is known of one run at the epoch whose weights it ended with."""
    folder = results / model / f"seed-{seed}"
    facts = read_json(folder / "run.json")
    with (folder / "history.csv").open(encoding="utf-8", newline="") as file:
        kept = next(row for row in csv.DictReader(file) if int(row["epoch"]) == facts["kept_epoch"])
    accuracy, loss = (
        float(kept[key]) if kept[key] else None for key in ("val_accuracy", "val_loss")
    )
    return {
        "model": model,
        "seed": seed,
        "validation_accuracy": accuracy,
        "validation_loss": loss,
        "parameters": facts["parameters"],
    }


def chosen_run(best: str | Path) -> Path:
    """Return the folder of the run that `choose_best` chose, from the file that it wrote."""
    chosen = read_json(best)
    return Path(best).parent / chosen["model"] / f"seed-{chosen['seed']}"
