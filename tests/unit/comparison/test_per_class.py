"""Each class's recall and precision are those of the predictions, and no surer than these."""

from pathlib import Path

import numpy as np
import pytest
import sklearn.metrics

from results_maker import labels_of, make_dataset
from swatchbook.comparison import inference, per_class

CLASSES = ["NA", "dog", "owl"]


def test_recall_and_precision_are_scikit_learns_of_all_runs_together(tmp_path: Path) -> None:
    folder = make_dataset(tmp_path, ["a", "b"], [0, 1, 2], CLASSES)
    table = per_class.read(folder / "per_class.csv")
    assert table["model"].tolist() == ["a"] * 3 + ["b"] * 3
    assert table["class"].tolist() == CLASSES * 2
    labels = labels_of(folder, "test")
    for model, rows in table.groupby("model"):
        files = [folder / model / f"seed-{seed}" / "probabilities.npy" for seed in range(3)]
        called = np.concatenate([np.load(file).argmax(1) for file in files])
        truth = np.tile(labels, 3)
        expected = sklearn.metrics.precision_recall_fscore_support(truth, called)
        assert rows["precision"].tolist() == pytest.approx(expected[0].tolist())
        assert rows["recall"].tolist() == pytest.approx(expected[1].tolist())
        assert rows["images"].tolist() == np.bincount(labels).tolist()
        assert rows["called"].tolist() == pytest.approx((np.bincount(called) / 3).tolist())
    for share in ("recall", "precision"):
        assert (table[f"{share}_low"] < table[share]).all()
        assert (table[share] <= table[f"{share}_high"]).all()


def test_one_run_has_wilsons_interval_of_its_images(tmp_path: Path) -> None:
    folder = make_dataset(tmp_path, ["a"], [0], CLASSES)
    row = per_class.read(folder / "per_class.csv").iloc[1]
    right = round(row["recall"] * row["images"])
    expected = inference.wilson_interval(right, row["images"], 0.95)
    assert [row["recall_low"], row["recall_high"]] == pytest.approx(expected)
    expected = inference.wilson_interval(right, row["called"], 0.95)
    assert [row["precision_low"], row["precision_high"]] == pytest.approx(expected)


def test_a_class_without_images_or_calls_has_no_share() -> None:
    nothing = np.zeros(4, bool)
    found = per_class.rate(nothing, np.zeros((2, 4), bool), 0.95)
    assert found["images"] == found["called"] == 0
    shares = [found[f"{share}{end}"] for share in ("recall", "precision") for end in ("", "_low")]
    assert shares == [None] * 4
    found = per_class.rate(nothing, np.ones((2, 4), bool), 0.95)
    assert found["recall"] is None and found["precision"] == 0 and found["precision_high"] > 0.4
