"""The best run is the best by validation; test images have no say."""

import json
from pathlib import Path

import pytest

from swatchbook.deployment import best


def write_run(
    results: Path,
    model: str,
    seed: int = 0,
    accuracies: tuple[object, ...] = (0.5,),
    losses: tuple[object, ...] = (1.0,),
    parameters: int = 10,
    kept: int | None = None,
) -> None:
    folder = results / model / f"seed-{seed}"
    folder.mkdir(parents=True)
    rows = [
        f"{n},{loss},{acc}" for n, (loss, acc) in enumerate(zip(losses, accuracies, strict=True), 1)
    ]
    (folder / "history.csv").write_text("\n".join(["epoch,val_loss,val_accuracy", *rows]) + "\n")
    facts = {"parameters": parameters, "kept_epoch": kept or len(rows)}
    (folder / "run.json").write_text(json.dumps(facts))


def cross_validated(results: Path) -> None:
    """Say of all runs that each tests a fold of its own."""
    for file in results.glob("*/seed-*/run.json"):
        file.write_text(json.dumps(json.loads(file.read_text()) | {"fold": {"folds": 2}}))


def chosen(results: Path, models: list[str], seeds: tuple[int, ...] = (0,)) -> dict:
    best.choose_best(results, models, seeds, models[0], results / "best.json")
    return json.loads((results / "best.json").read_text())


def test_the_highest_validation_accuracy_is_chosen_over_all_seeds(tmp_path: Path) -> None:
    for seed, (first, second) in enumerate([(0.5, 0.6), (0.7, 0.4)]):
        write_run(tmp_path, "a", seed, (first,))
        write_run(tmp_path, "b", seed, (second,))
    found = chosen(tmp_path, ["a", "b"], (0, 1))
    assert (found["model"], found["seed"]) == ("a", 1)
    assert found["chosen_by"] == best.BY_VALIDATION
    assert [(run["model"], run["seed"]) for run in found["runs"]] == [
        ("a", 0),
        ("a", 1),
        ("b", 0),
        ("b", 1),
    ]
    assert best.chosen_run(tmp_path / "best.json") == tmp_path / "a" / "seed-1"


def test_what_counts_is_the_epoch_whose_weights_were_kept(tmp_path: Path) -> None:
    write_run(tmp_path, "early", accuracies=(0.9, 0.3), losses=(1, 2), kept=1)
    write_run(tmp_path, "late", accuracies=(0.95, 0.8), losses=(1, 2))
    found = chosen(tmp_path, ["late", "early"])
    assert (found["model"], found["validation_accuracy"]) == ("early", 0.9)


@pytest.mark.parametrize(
    ("losses", "parameters", "expected"),
    [
        ((1.0, 0.9, 1.0), (5, 9, 5), "b"),
        ((1.0, 1.0, 1.0), (7, 6, 5), "c"),
        ((1.0, 1.0, 1.0), (5, 5, 5), "a"),
    ],
    ids=["lower loss", "fewer parameters", "the first of the configuration"],
)
def test_ties(
    tmp_path: Path, losses: tuple[float, ...], parameters: tuple[int, ...], expected: str
) -> None:
    for model, loss, count in zip("abc", losses, parameters, strict=True):
        write_run(tmp_path, model, losses=(loss,), parameters=count)
    assert chosen(tmp_path, ["a", "b", "c"])["model"] == expected


def test_without_validation_images_it_is_the_reference_models_first_seed(tmp_path: Path) -> None:
    for seed in (3, 4):
        for model in ("a", "reference"):
            write_run(tmp_path, model, seed, accuracies=("",), losses=("",))
    output = tmp_path / "best.json"
    best.choose_best(tmp_path, ["a", "reference"], [3, 4], "reference", output)
    found = json.loads(output.read_text())
    assert (found["model"], found["seed"]) == ("reference", 3)
    assert found["validation_accuracy"] is None
    assert found["chosen_by"] == best.WITHOUT_VALIDATION


def test_cross_validated_models_are_chosen_by_their_mean(tmp_path: Path) -> None:
    """The best single run is lucky in its validation images, which are not those of the others."""
    for seed, (steady, lucky) in enumerate([(0.6, 0.4), (0.7, 0.8)]):
        write_run(tmp_path, "lucky", seed, (lucky,))
        write_run(tmp_path, "steady", seed, (steady,))
    cross_validated(tmp_path)
    found = chosen(tmp_path, ["lucky", "steady"], (0, 1))
    assert (found["model"], found["seed"]) == ("steady", 0)
    assert found["chosen_by"] == best.BY_MEAN_VALIDATION
    for seed in (0, 1):
        write_run(tmp_path / "other", "none", seed, ("",), ("",))
    cross_validated(tmp_path / "other")
    assert chosen(tmp_path / "other", ["none"], (0, 1))["chosen_by"] == best.WITHOUT_VALIDATION
