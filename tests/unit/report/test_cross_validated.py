"""Of a cross-validated data set everything is out of fold, and the page says so."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from paths import ROOT
from results_maker import PUBLISHED, make_results
from swatchbook.comparison import inference, metrics
from swatchbook.data import arrays, folds
from swatchbook.files import read_json
from swatchbook.report import findings, sentences, verdicts, write_report

SEEDS = range(6)
IMAGES = 56  # of `results_maker`, all splits together


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """Two repetitions of three folds."""
    results = tmp_path_factory.mktemp("crossed")
    return results, make_results(results, seeds=SEEDS, folds=3)


@pytest.fixture(scope="module")
def comparison(made: tuple[Path, dict[str, Any]]) -> dict[str, Any]:
    return read_json(made[0] / "made-up/comparison.json")


def text_of(results: Path, config: dict[str, Any]) -> str:
    """Return the page's words."""
    write_report(results, config, ROOT / "workflow/report", PUBLISHED, results / "report.html")
    page = (results / "report.html").read_text(encoding="utf-8")
    page = re.sub(r"(?s)<style>.*?</style>|<script.*?</script>|<svg.*?</svg>", " ", page)
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


@pytest.fixture(scope="module")
def text(made: tuple[Path, dict[str, Any]]) -> str:
    return text_of(*made)


def out_of_fold(folder: Path, model: str, repetition: int) -> tuple[np.ndarray, np.ndarray]:
    """Return labels and probabilities of all images, put together from the runs' tables of rows."""
    labels = arrays.load(folder / "arrays", "test")[1].argmax(1)
    whole = np.full((IMAGES, 3), np.nan, np.float32)
    for seed in range(3 * repetition, 3 * repetition + 3):
        cell = folder / model / f"seed-{seed}"
        rows = pd.read_csv(cell / "predictions.csv")["row"].to_numpy()
        whole[rows] = np.load(cell / "probabilities.npy")
    assert np.isfinite(whole).all()
    return labels, whole


def test_accuracies_are_compared_by_fold(
    made: tuple[Path, dict[str, Any]], comparison: dict[str, Any]
) -> None:
    per_seed = {
        model: np.array(
            [
                read_json(made[0] / f"made-up/{model}/seed-{seed}/metrics.json")["test"]["accuracy"]
                for seed in SEEDS
            ]
        )
        for model in ("baseline", "dropout")
    }
    crossed = comparison["cross_validation"]
    assert (crossed["folds"], crossed["repetitions"]) == (3, 2)
    found = folds.read(made[0] / "made-up/arrays")
    assert found is not None
    overlap = sum(found.sizes("test", SEEDS)) / sum(found.sizes("train", SEEDS))
    assert crossed["overlap"] == pytest.approx(overlap) and overlap > 1 / 2
    (entry,) = comparison["differences"]
    expected = inference.corrected_difference(per_seed["dropout"], per_seed["baseline"], overlap)
    assert entry["accuracy"]["interval"] == pytest.approx(expected.interval(0.95))
    assert entry["accuracy"]["p_value"] == pytest.approx(expected.p_value)
    accuracy = comparison["models"]["dropout"]["metrics"]["accuracy"]
    assert accuracy["per_seed"] == per_seed["dropout"].tolist()
    assert accuracy["interval"] == inference.t_interval(per_seed["dropout"], 0.95, overlap)
    narrow = inference.t_interval(per_seed["dropout"], 0.95)
    assert np.diff(accuracy["interval"]) > 1.5 * np.diff(narrow)


def test_gaps_and_losses_are_compared_by_fold_too(comparison: dict[str, Any]) -> None:
    (entry,) = comparison["differences"]
    ours, theirs = (comparison["models"][model]["metrics"] for model in ("dropout", "baseline"))
    for name in ("log_loss", "accuracy_gap", "log_loss_gap"):
        pair = (np.array(of[name]["per_seed"]) for of in (ours, theirs))
        expected = inference.corrected_difference(*pair, comparison["cross_validation"]["overlap"])
        assert entry[name]["difference"] == pytest.approx(expected.estimate)
        assert entry[name]["interval"] == pytest.approx(expected.interval(0.95))


def test_what_is_no_mean_over_images_is_of_all_images(
    made: tuple[Path, dict[str, Any]], comparison: dict[str, Any]
) -> None:
    for repetition in (0, 1):
        labels, whole = out_of_fold(made[0] / "made-up", "dropout", repetition)
        expected = metrics.summary(labels, whole)
        for name in ("macro_f1", "ece"):
            found = comparison["models"]["dropout"]["metrics"][name]
            assert found["per_repetition"][repetition] == pytest.approx(expected[name])
            assert found["interval"] is None
        report = metrics.classification_report(labels, whole.argmax(1), ["0", "1", "2"])
        for row, f1 in zip(
            comparison["models"]["dropout"]["classes"], report["f1-score"], strict=True
        ):
            assert row["per_repetition"][repetition] == pytest.approx(f1)
    scaled = comparison["models"]["dropout"]["scaling"]["metrics"]["ece"]
    assert len(scaled["per_repetition"]) == 2


def test_galleries_count_each_image_once_a_repetition(made: tuple[Path, dict[str, Any]]) -> None:
    gallery = read_json(made[0] / "made-up/gallery/gallery.json")
    assert gallery["seeds"] == [0, 1] and gallery["cross_validated"]
    assert np.sum(gallery["counts"]["dropout"]) == 2 * IMAGES
    pairs = [out_of_fold(made[0] / "made-up", "dropout", repetition) for repetition in (0, 1)]
    place = gallery["models"].index("dropout")
    for image in gallery["images"]:
        right = sum(whole[image["row"]].argmax() == labels[image["row"]] for labels, whole in pairs)
        assert image["split"] == "test" and image["models"][place]["right"] == right


def test_figures_draw_what_is_out_of_fold(
    made: tuple[Path, dict[str, Any]], comparison: dict[str, Any]
) -> None:
    figures = made[0] / "made-up/figures"
    scores = pd.read_csv(figures / "class_f1.csv")
    assert scores[["low", "high"]].isna().all(axis=None)
    expected = [row["f1-score"] for row in comparison["models"]["dropout"]["classes"][:3]]
    found = scores[scores["model"] == "dropout"]["mean"]
    np.testing.assert_allclose(found, expected)
    counts = pd.read_csv(figures / "confusion_matrices.csv")
    assert counts[counts["model"] == "dropout"]["count"].sum() == 2 * IMAGES


def test_a_copy_counts_where_its_run_has_trained_on_it(made: tuple[Path, dict[str, Any]]) -> None:
    folder = made[0] / "made-up"
    found = folds.read(folder / "arrays")
    assert found is not None
    pairs = pd.read_csv(folder / "checks/duplicates.csv")
    twins = {
        image
        for first, second in pairs[["first_row", "second_row"]].to_numpy()
        for image, other in ((first, second), (second, first))
        for seed in SEEDS
        if image in found.rows("test", seed) and other in found.rows("train", seed)
    }
    accuracy = read_json(folder / "checks/accuracy_without_twins.json")
    assert twins and accuracy["twins"] == len(twins)
    assert accuracy["models"]["dropout"]["all"]["interval"] is None
    # Pairs that some repetition divides, though all are in one array.
    assert len(pd.read_csv(folder / "checks/twins.csv")) > 0


def test_the_page_says_what_is_cross_validated(text: str) -> None:
    assert "2 repetitions of 3 folds each" in text
    for told in (
        f"each of the {IMAGES} images is tested once in each repetition",
        "to train on",
        "Seed n is fold n mod 3 of repetition n div 3",
        "corrected resampled t-test (Nadeau and Bengio, 2003",
        "paired by fold: the variance of the 6 runs is taken 1/6 + 0.",
        "repetitions have all images in common, so there is no interval over them",
    ):
        assert told in text


def test_the_page_says_nothing_that_is_true_of_one_test_set_only(text: str) -> None:
    for untrue in (
        "does not count the chance in the choice of test images",
        "paired by image",
        "count the chance in both seeds and test images",
        "behind each F1",
        "mean probability over seeds",
        "of 6 seeds",
        "trained models call",
    ):
        assert untrue not in text


def test_both_kinds_of_data_sets_stand_on_one_page(tmp_path: Path) -> None:
    config = make_results(tmp_path, seeds=range(3), folds=3, specs={"crossed": {}})
    other = make_results(tmp_path, seeds=range(3), specs={"plain": {"title": "Plain"}})
    config["datasets"] += other["datasets"]
    config["specs"] |= other["specs"]
    text = text_of(tmp_path, config)
    assert text.count("does not count the chance in the choice of test images") == 1
    assert (
        "paired by image, 95 % interval with Student&#39;s t; of cross-validated"
        in text.replace("'", "&#39;")
    )
    assert text.count("All figures are cross-validated, in 3 folds:") == 1


def test_texts_speak_of_folds_and_repetitions(text: str) -> None:
    assert "A dot is one fold" in text and "A dot is one seed" not in text
    assert "lowest validation loss, by fold" in text
    assert "called what, over all repetitions" in text
    assert "{run}" not in text and "{repetition}" not in text


def test_one_test_set_is_told_of_as_before(comparison: dict[str, Any]) -> None:
    (judged,) = verdicts.judged([{**comparison, "cross_validation": None}])
    assert sentences.cross_validation(judged) == ""
    assert sentences.trainings(judged) == "6 seeds"


def test_classes_of_fewer_images_than_folds_are_a_finding(comparison: dict[str, Any]) -> None:
    checked = {"found": {"balance": {"test": {"class_counts": {"cat": 2, "dog": 30, "owl": 3}}}}}
    (finding,) = findings._small_classes(comparison, checked)
    assert "cat" in finding.text and "owl" not in finding.text
    plain = {**comparison, "cross_validation": None}
    assert list(findings._small_classes(plain, checked)) == []
