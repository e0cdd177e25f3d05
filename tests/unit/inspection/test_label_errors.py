"""What confident learning finds, and how far it agrees with our own suspects."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from makers import scenes
from swatchbook.data import arrays
from swatchbook.inspection import label_errors, prediction_checks

CLASSES, MODELS, SEEDS = ["cat", "dog", "NA"], ["one", "two"], [0, 1]


def made(folder: Path, wrong: list[int], unsure: list[int]) -> None:
    """Make up runs: surely another class than the label on `wrong`, but for one run on `unsure`."""
    labels = np.arange(60) % 3
    rows = {"train": np.arange(60, 64), "validation": np.arange(64, 66), "test": np.arange(60)}
    every = np.concatenate([labels, np.zeros(6, int)])
    ids = [f"{number:03d}" for number in range(66)]
    arrays.write(folder / "arrays", scenes(66, 8), every, ids, rows, CLASSES)
    called = labels.copy()
    called[wrong + unsure] = (labels[wrong + unsure] + 1) % 3
    for model in MODELS:
        for seed in SEEDS:
            sure = np.full(60, 0.98)
            sure[unsure] = 0.8 if (model, seed) == ("two", 1) else 0.999
            probabilities = np.repeat((1 - sure)[:, None] / 2, 3, axis=1)
            probabilities[np.arange(60), called] = sure
            cell = folder / model / f"seed-{seed}"
            cell.mkdir(parents=True)
            np.save(cell / "probabilities.npy", probabilities.astype(np.float32))
    (folder / "checks").mkdir()
    columns = ["kind", "first_split", "first_row", "second_split", "second_row"]
    pd.DataFrame([], columns=columns).to_csv(folder / "checks/duplicates.csv", index=False)
    prediction_checks.check_predictions(folder, MODELS, SEEDS, CLASSES, 0.95, folder / "checks")
    output = folder / "label_errors"
    label_errors.compare_label_errors(folder, MODELS, SEEDS, CLASSES, output)


def test_both_find_what_is_surely_wrong_and_only_cleanlab_what_one_run_doubts(
    tmp_path: Path,
) -> None:
    made(tmp_path, wrong=[0, 7], unsure=[20, 32])
    found = json.loads((tmp_path / "label_errors/summary.json").read_text())
    assert (found["both"], found["only_ours"], found["only_theirs"]) == (2, 0, 2)
    assert (found["neither"], found["images"], found["jaccard"]) == (56, 60, 0.5)
    assert found["mistaken"] == 4
    # By hand: they agree on 58 of 60, and by chance would on (2 × 4 + 58 × 56) / 3600.
    chance = (2 * 4 + 58 * 56) / 3600
    assert found["kappa"] == pytest.approx((58 / 60 - chance) / (1 - chance))
    issues = pd.read_csv(tmp_path / "label_errors/issues.csv", keep_default_na=False)
    assert dict(zip(issues["row"], issues["found_by"], strict=True)) == {
        0: "both",
        7: "both",
        20: "only cleanlab",
        32: "only cleanlab",
    }
    row = issues.set_index("row").loc[20]
    assert (row["label"], row["called"]) == ("NA", "cat")
    assert issues["quality"].is_monotonic_increasing
    drawn = pd.read_csv(tmp_path / "label_errors/label_errors.csv")
    assert sorted(drawn["row"]) == [20, 32]
    assert (tmp_path / "label_errors/label_errors.png").is_file()


def test_where_neither_finds_any_there_is_no_agreement_to_state(tmp_path: Path) -> None:
    made(tmp_path, wrong=[], unsure=[])
    found = json.loads((tmp_path / "label_errors/summary.json").read_text())
    assert (found["both"], found["jaccard"], found["kappa"]) == (0, None, None)
    assert "none" in (tmp_path / "label_errors/label_errors.svg").read_text()


def test_classes_without_images_and_a_single_class_do_not_stop_it() -> None:
    generator = np.random.default_rng(0)
    probabilities = generator.dirichlet(np.ones(4), 50)
    for labels in (np.arange(50) % 2, np.full(50, 3)):
        issues, quality = label_errors.confident_learning(labels, probabilities)
        assert issues.shape == quality.shape == (50,) and issues.dtype == bool
    assert not issues.any()


def test_labels_that_were_made_wrong_are_found() -> None:
    generator = np.random.default_rng(0)
    truth = generator.integers(0, 5, 1000)
    scores = generator.normal(size=(1000, 5))
    scores[np.arange(1000), truth] += 5
    probabilities = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    wrong = np.zeros(1000, bool)
    wrong[:50] = True
    labels = np.where(wrong, (truth + 1) % 5, truth)
    issues, _ = label_errors.confident_learning(labels, probabilities)
    assert issues[wrong].mean() > 0.85 and issues[~wrong].mean() < 0.03


def test_kappa_is_not_defined_where_both_find_all_or_none() -> None:
    every, none = np.ones(4, bool), np.zeros(4, bool)
    assert label_errors.agreement(every, every)["kappa"] is None
    assert label_errors.agreement(none, none)["kappa"] is None
    assert label_errors.agreement(every, none)["kappa"] == 0
