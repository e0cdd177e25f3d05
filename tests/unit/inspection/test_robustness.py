"""Accuracies under corruption: by hand, in a simulation, and of a cross-validation."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from results_maker import make_dataset, make_right
from swatchbook.comparison.inference import bounded_interval, t_interval, wilson_interval
from swatchbook.data import folds as folding
from swatchbook.data.corruptions import CORRUPTIONS, STRENGTHS
from swatchbook.inspection import robustness

VARIANTS = 1 + len(CORRUPTIONS) * STRENGTHS
MODELS, SEEDS = ["plain", "other"], [0, 4]


def summed_up(folder: Path, right: np.ndarray, seeds: list[int] = SEEDS) -> dict[str, Any]:
    """Sum up what is right, shape (models, seeds, variants, images); return the summary."""
    make_dataset(folder, MODELS[:1], [0], ["cat", "dog"], test=right.shape[-1])
    (folder / "corruptions").mkdir()
    rows = np.arange(right.shape[-1])
    np.savez_compressed(folder / "corruptions" / "right.npz", rows=rows, right=right)
    models = MODELS[: len(right)]
    output = folder / "corruptions"
    robustness.sum_up_corruptions(folder, models, seeds, "plain", 0.95, MODELS, output)
    return json.loads((output / "summary.json").read_text())


def test_accuracies_are_those_of_the_images_and_seeds(tmp_path: Path) -> None:
    right = np.ones((2, 2, VARIANTS, 24), np.int8)
    right[0, 0, 0, :6] = 0  # as they are, the first seed of plain is wrong on a quarter
    fog = 1 + list(CORRUPTIONS).index("fog") * STRENGTHS
    right[0, :, fog + 4, :18] = 0
    right[1, 1, fog + 4, :12] = 0
    found = summed_up(tmp_path, right)
    table = pd.read_csv(tmp_path / "corruptions/corruptions.csv")
    assert len(table) == 2 * VARIANTS and set(table["images"]) == {24}
    clean = table[(table["model"] == "plain") & (table["corruption"] == "none")].iloc[0]
    assert (clean["strength"], clean["mean"], clean["seed_0"], clean["seed_4"]) == (
        0,
        0.875,
        0.75,
        1,
    )
    foggy = table[(table["corruption"] == "fog") & (table["strength"] == 5)].set_index("model")
    assert foggy["mean"].to_dict() == {"plain": 0.25, "other": 0.75}
    low, high = foggy.loc["plain", ["low", "high"]]
    # Seeds that agree on every image are as good as one run.
    assert [low, high] == pytest.approx(wilson_interval(6, 24, 0.95))
    plain, other = (found["models"][model] for model in MODELS)
    assert plain["corrupted"]["mean"] == pytest.approx(1 - 0.75 / 75)
    assert plain["worst"]["corruption"] == "fog" and plain["worst"]["mean"] == 0.25
    assert other["worst"]["mean"] == 0.75 and other["best"]["mean"] == 1
    (entry,) = found["differences"]
    assert (entry["model"], entry["reference"]) == ("other", "plain")
    assert entry["corrupted"]["difference"] == pytest.approx(0.5 / 75)
    assert entry["clean"]["difference"] == pytest.approx(0.125)


def test_with_a_single_seed_intervals_are_of_the_images(tmp_path: Path) -> None:
    right = (np.random.default_rng(0).random((2, 1, VARIANTS, 30)) < 0.6).astype(np.int8)
    found = summed_up(tmp_path, right, [0])
    scores = right[:, 0, 1:].mean(axis=1)
    bounds = found["models"]["plain"]["corrupted"]["interval"]
    assert bounds == pytest.approx(t_interval(scores[0], 0.95))
    (entry,) = found["differences"]
    assert entry["corrupted"]["interval"] == pytest.approx(t_interval(scores[1] - scores[0], 0.95))


def test_one_model_alone_has_nothing_to_be_compared_with(tmp_path: Path) -> None:
    right = np.ones((1, 2, VARIANTS, 24), np.int8)
    found = summed_up(tmp_path, right)
    assert found["differences"] == []
    assert found["models"]["plain"]["corrupted"]["interval"] == [1, 1]


def test_the_interval_of_the_mean_holds_the_true_mean_as_often_as_it_says() -> None:
    """Images that are harder than others, seeds that are luckier, and each seed on each image."""
    generator = np.random.default_rng(1)
    held = []
    for _ in range(600):
        images = generator.normal(0.7, 0.2, 80)
        seeds = generator.normal(0, 0.02, 3)
        runs = [images + seed + generator.normal(0, 0.1, 80) for seed in seeds]
        low, high = robustness._mean(runs, 0.95, None)["interval"]
        held.append(low <= 0.7 <= high)
    assert 0.93 <= np.mean(held) <= 0.985


@pytest.mark.parametrize("repetitions", [1, 2])
def test_of_a_cross_validation_each_run_counts_its_own_images(
    tmp_path: Path, repetitions: int
) -> None:
    seeds = list(range(3 * repetitions))
    make_dataset(tmp_path, MODELS, seeds, ["cat", "dog"], folds=3)
    file = tmp_path / "corruptions" / "right.npz"
    make_right(file, tmp_path, MODELS, seeds)
    robustness.sum_up_corruptions(tmp_path, MODELS, seeds, "plain", 0.95, MODELS, file.parent)
    found = json.loads((file.parent / "summary.json").read_text())
    assert found["crossed"]
    right = np.load(file)["right"]
    folds = folding.read(tmp_path / "arrays")
    of_runs = [
        right[0, place, 0, folds.rows("test", seed)].mean() for place, seed in enumerate(seeds)
    ]
    assert found["models"]["plain"]["clean"]["mean"] == pytest.approx(np.mean(of_runs))
    overlap = np.mean(folds.sizes("test", seeds)) / np.mean(folds.sizes("train", seeds))
    bounds = bounded_interval(np.array(of_runs), 0.95, overlap)
    assert found["models"]["plain"]["clean"]["interval"] == pytest.approx(bounds)
    assert found["differences"][0]["corrupted"]["interval"] is not None
