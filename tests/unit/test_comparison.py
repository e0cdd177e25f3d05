"""Intervals cover the truth as often as they claim, and verdicts follow from them by rule."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from results_maker import make_dataset
from swatchbook import metrics
from swatchbook.comparison import (
    Runs,
    best_epoch,
    compare,
    describe,
    difference,
    differences,
    read_runs,
    t_interval,
    verdict,
)
from swatchbook.files import read_json

SETTINGS = {"reference": "a", "confidence": 0.95, "resamples": 100}


def scores(seeds: int, images: int = 200, mean: float = 0.7, start: int = 0) -> np.ndarray:
    """Right or wrong by chance, float64, shape (seeds, images)."""
    generator = np.random.default_rng(start)
    return (generator.random((seeds, images)) < mean).astype(float)


def runs_with(correct: np.ndarray, train: float, train_loss: float, loss: float = 0.5) -> Runs:
    """Runs whose test losses are all `loss` and whose training metrics are the same."""
    measured = [
        {
            "train": {"accuracy": train, "log_loss": train_loss, "macro_f1": train},
            "test": {"accuracy": float(row.mean()), "log_loss": loss, "macro_f1": 0.5},
        }
        for row in correct
    ]
    device = {"name": "A CPU", "precision": "float32", "threads": 1}
    facts = [{"seconds_in_epochs": 2.0 + n, "parameters": 7} for n in range(len(correct))]
    history = pd.DataFrame({"epoch": [1, 2], "val_loss": [0.4, 0.5], "images_per_second": 10.0})
    return Runs(
        seeds=range(len(correct)),
        correct=correct,
        losses=np.full(correct.shape, loss),
        measured=measured,
        runs=[fact | {"device": device} for fact in facts],
        histories=[history] * len(correct),
    )


@pytest.mark.parametrize("confidence", [0.8, 0.95])
@pytest.mark.parametrize("count", [2, 3, 10])
def test_the_t_interval_is_scipys(count: int, confidence: float) -> None:
    values = np.random.default_rng(count).normal(0.9, 0.01, count)
    expected = stats.t.interval(confidence, count - 1, values.mean(), stats.sem(values))
    assert t_interval(values, confidence) == pytest.approx(expected, rel=1e-12)


def test_the_t_interval_is_the_textbooks() -> None:
    # mean 3, s = sqrt(2.5), t(0.975; 4) = 2.776
    half = 2.776 * np.sqrt(2.5 / 5)
    expected = pytest.approx([3 - half, 3 + half], abs=1e-3)
    assert t_interval(np.arange(1.0, 6), 0.95) == expected


def test_a_single_value_has_no_interval() -> None:
    assert t_interval(np.array([0.9]), 0.95) is None


def test_the_difference_is_that_of_the_means() -> None:
    model, reference = scores(3, mean=0.8), scores(4, mean=0.6, start=1)
    estimate, bounds = difference(model, reference, 0.95, 100)
    assert estimate == pytest.approx(model.mean() - reference.mean())
    assert bounds is not None
    assert np.mean(bounds) == pytest.approx(estimate)


def test_offsets_shift_the_difference_by_their_means() -> None:
    model, reference = scores(3), scores(3, start=1)
    offsets = np.array([0.1, 0.2, 0.3]), np.array([0.0, 0.1, 0.05])
    estimate, _ = difference(model, reference, 0.95, 100, *offsets)
    assert estimate == pytest.approx(model.mean() + 0.2 - reference.mean() - 0.05)


def test_offsets_that_vary_over_seeds_widen_the_interval() -> None:
    model, reference = scores(3), scores(3, start=1)
    _, (low, high) = difference(model, reference, 0.95, 200)
    _, (lower, higher) = difference(model, reference, 0.95, 200, np.array([-0.5, 0, 0.5]))
    assert higher - lower > 3 * (high - low)


def test_swapping_the_models_negates_the_difference() -> None:
    model, reference = scores(3, mean=0.8), scores(3, mean=0.6, start=1)
    estimate, (low, high) = difference(model, reference, 0.95, 4000)
    swapped, (swapped_low, swapped_high) = difference(reference, model, 0.95, 4000)
    assert swapped == pytest.approx(-estimate)
    # The bootstrap draws the seeds of the two in turn: the ends agree up to its own chance.
    assert [-swapped_high, -swapped_low] == pytest.approx([low, high], abs=0.1 * (high - low))


def test_equal_models_without_a_seeds_effect_differ_by_nothing_since_images_are_paired() -> None:
    same = np.repeat(scores(1), 3, axis=0)
    estimate, (low, high) = difference(same, same, 0.95, 200)
    assert estimate == 0
    assert [low, high] == pytest.approx([0, 0], abs=1e-12)


def test_a_constant_difference_is_sure_however_hard_the_images_vary() -> None:
    difficulty = np.random.default_rng(0).normal(0, 5, (1, 200))
    reference = np.repeat(difficulty, 3, axis=0)
    estimate, bounds = difference(reference + 1, reference, 0.95, 200)
    assert [estimate, *bounds] == pytest.approx([1, 1, 1])


def test_seeds_that_differ_widen_the_interval() -> None:
    same = np.repeat(scores(1), 3, axis=0)
    spread = same + np.array([[-0.1], [0.0], [0.1]])
    _, (low, high) = difference(spread, same, 0.95, 2000)
    # Nothing but one model's seeds: Student's interval of their mean, with its two degrees.
    expected = t_interval(np.array([-0.1, 0.0, 0.1]), 0.95)
    assert [low, high] == pytest.approx(expected, rel=0.15)


def test_the_same_scores_give_the_same_interval() -> None:
    model, reference = scores(3), scores(3, start=1)
    assert difference(model, reference, 0.95, 300) == difference(model, reference, 0.95, 300)


def test_more_confidence_is_a_wider_interval() -> None:
    model, reference = scores(3), scores(3, start=1)
    widths = [np.ptp(difference(model, reference, c, 200)[1]) for c in (0.8, 0.95, 0.99)]
    assert widths[0] < widths[1] < widths[2]


@pytest.mark.parametrize(("ours", "theirs"), [(1, 1), (1, 3), (3, 1)])
def test_a_single_seed_has_a_difference_but_no_interval(ours: int, theirs: int) -> None:
    model, reference = scores(ours), scores(theirs, start=1)
    estimate, bounds = difference(model, reference, 0.95, 100)
    assert estimate == pytest.approx(model.mean() - reference.mean())
    assert bounds is None


@pytest.mark.parametrize("spread", [0.0, 0.1, 0.2])
@pytest.mark.parametrize("seeds", [3, 5])
def test_95_per_cent_intervals_cover_the_true_difference_about_that_often(
    seeds: int, spread: float
) -> None:
    """An image is called right if its ease, to this model and to this run, exceeds zero."""
    generator = np.random.default_rng(seeds)
    experiments, images, easier = 400, 200, 0.15
    deviation = np.sqrt(1.5**2 + 0.7**2 + spread**2 + 0.7**2)
    truth = np.ptp(stats.norm.cdf(np.array([2, 2 + easier]) / deviation))
    covered = 0
    for _ in range(experiments):
        ease = generator.normal(2, 1.5, images)
        drawn = []
        for gain in (easier, 0.0):
            to_model = generator.normal(gain, 0.7, images)
            of_seed = generator.normal(0, spread, (seeds, 1))
            of_run = generator.normal(0, 0.7, (seeds, images))
            drawn.append((ease + to_model + of_seed + of_run > 0).astype(float))
        _, (low, high) = difference(*drawn, 0.95, 100)
        covered += low <= truth <= high
    assert covered / experiments >= 0.9
    # Where seeds have no effect of their own the interval is cautious: the bootstrap counts the
    # chance in single predictions once with the images and again with the seeds.
    assert spread == 0 or covered / experiments <= 0.99


@pytest.mark.parametrize(
    ("interval", "seeds", "higher_is_better", "words"),
    [
        ([0.1, 0.2], 3, True, "better"),
        ([0.1, 0.2], 3, False, "worse"),
        ([-0.2, -0.1], 3, True, "worse"),
        ([-0.2, -0.1], 3, False, "better"),
        ([-0.1, 0.2], 3, True, "no difference shown"),
        ([0.0, 0.2], 3, True, "no difference shown"),
        ([-0.2, 0.0], 3, False, "no difference shown"),
        ([0.0, 0.0], 3, True, "no difference shown"),
        ([1e-12, 0.2], 3, True, "better"),
        ([0.1, 0.2], 2, True, "too few seeds to say"),
        (None, 1, True, "too few seeds to say"),
        (None, 5, True, "too few seeds to say"),
    ],
)
def test_the_verdict_follows_from_the_interval_and_the_seeds(
    interval: list[float] | None, seeds: int, higher_is_better: bool, words: str
) -> None:
    assert verdict(interval, seeds, higher_is_better) == words


def test_the_best_epoch_has_the_lowest_validation_loss() -> None:
    history = pd.DataFrame({"epoch": [1, 2, 3, 4], "val_loss": [0.5, 0.3, 0.3, 0.4]})
    assert best_epoch(history) == 2
    assert best_epoch(history.assign(val_loss=np.nan)) is None


def test_gaps_are_positive_where_a_model_is_better_on_its_training_images() -> None:
    correct = np.repeat([[1.0, 1.0, 0.0, 0.0]], 3, axis=0)
    found = describe(runs_with(correct, train=0.9, train_loss=0.2), 0.95)["metrics"]
    assert found["accuracy_gap"]["mean"] == pytest.approx(0.4)
    assert found["log_loss_gap"]["mean"] == pytest.approx(0.3)


def test_a_description_has_means_intervals_and_costs() -> None:
    correct = np.array([[1.0, 1, 0, 0], [1, 1, 1, 0], [1, 1, 1, 1]])
    found = describe(runs_with(correct, train=0.9, train_loss=0.2), 0.95)
    accuracy = found["metrics"]["accuracy"]
    assert accuracy["per_seed"] == [0.5, 0.75, 1]
    assert accuracy["mean"] == 0.75
    assert accuracy["interval"] == t_interval(np.array([0.5, 0.75, 1]), 0.95)
    assert found["seconds"] == pytest.approx(3)
    assert found["parameters"] == 7
    assert found["epochs"] == 2
    assert found["best_epoch"] == [1, 1, 1]
    assert found["images_per_second"] == 10


def test_a_model_that_learnt_by_heart_less_is_better_in_both_gaps_and_worse_in_neither() -> None:
    correct = np.repeat(scores(1), 3, axis=0)
    calm = runs_with(correct, train=0.75, train_loss=0.4)
    eager = runs_with(correct, train=1.0, train_loss=0.1)
    found = differences(calm, eager, 0.95, 100)
    assert found["accuracy_gap"]["difference"] == pytest.approx(-0.25)
    assert found["log_loss_gap"]["difference"] == pytest.approx(-0.3)
    assert found["accuracy_gap"]["verdict"] == found["log_loss_gap"]["verdict"] == "better"
    assert found["accuracy"]["verdict"] == found["log_loss"]["verdict"] == "no difference shown"


def test_a_lower_loss_is_better() -> None:
    correct = scores(3)
    one, other = (runs_with(correct, 0.8, 0.1, loss) for loss in (0.3, 0.6))
    assert differences(one, other, 0.95, 100)["log_loss"]["verdict"] == "better"
    assert differences(other, one, 0.95, 100)["log_loss"]["verdict"] == "worse"


def test_shares_count_all_pairs_of_runs_and_sum_to_one() -> None:
    model = runs_with(np.array([[1.0, 1, 0, 0], [1, 1, 0, 0]]), 0.9, 0.1)
    reference = runs_with(np.array([[1.0, 0, 1, 0], [1, 1, 1, 0]]), 0.9, 0.1)
    shares = differences(model, reference, 0.95, 100)["shares"]
    assert shares == {
        "both_right": 6 / 16,
        "only_model": 2 / 16,
        "only_reference": 4 / 16,
        "neither": 4 / 16,
    }


def test_runs_are_read_with_the_losses_of_their_probabilities(tmp_path: Path) -> None:
    folder = make_dataset(tmp_path, ["a"], [0, 4], ["x", "y", "z"])
    labels = np.load(folder / "arrays" / "y_test.npy").argmax(1)
    runs = read_runs(folder / "a", [4, 0], labels)
    for place, seed in enumerate([4, 0]):
        probabilities = np.load(folder / "a" / f"seed-{seed}" / "probabilities.npy")
        expected = metrics.summary(labels, probabilities)
        assert runs.correct[place].mean() == pytest.approx(expected["accuracy"])
        assert runs.losses[place].mean() == pytest.approx(expected["log_loss"])
        assert runs.per_seed("test", "accuracy")[place] == expected["accuracy"]


@pytest.mark.parametrize("seeds", [[0], [0, 1, 2]])
def test_a_comparison_is_written_the_same_each_time(tmp_path: Path, seeds: list[int]) -> None:
    folder = make_dataset(tmp_path, ["a", "b", "c"], seeds, ["x", "y", "z"])
    before = (folder / "comparison.json").read_bytes()
    compare(folder, ["a", "b", "c"], seeds, SETTINGS, folder / "comparison.json")
    assert (folder / "comparison.json").read_bytes() == before
    found = read_json(folder / "comparison.json")
    assert list(found["models"]) == ["a", "b", "c"]
    assert [entry["model"] for entry in found["differences"]] == ["b", "c"]
    assert {entry["reference"] for entry in found["differences"]} == {"a"}
    assert found["seeds"] == seeds
    assert found["test_images"] == 24
    means = {name: model["metrics"]["accuracy"]["mean"] for name, model in found["models"].items()}
    for entry in found["differences"]:
        expected = pytest.approx(means[entry["model"]] - means["a"])
        assert entry["accuracy"]["difference"] == expected
        assert (entry["accuracy"]["interval"] is None) == (len(seeds) == 1)


def test_a_single_model_is_described_and_compared_with_nothing(tmp_path: Path) -> None:
    folder = make_dataset(tmp_path, ["a"], [0, 1, 2], ["x", "y"], validation=0)
    found = read_json(folder / "comparison.json")
    assert found["differences"] == []
    assert found["models"]["a"]["best_epoch"] == [None, None, None]
