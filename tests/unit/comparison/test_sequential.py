"""Looking several times costs no more errors than looking once, and decides by a rule."""

import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from made_runs import runs_with
from results_maker import make_dataset
from swatchbook.comparison import differences, sequential
from swatchbook.comparison.inference import Difference, difference
from swatchbook.comparison.sequential import Design, decision, nominal_levels, path
from swatchbook.files import read_json

THREE = Design((3, 5, 8), 0.05, 0.02)


def right(seeds: int, mean: float, luck: float, start: int, images: int = 2000) -> np.ndarray:
    """Right or wrong, with a luck of each seed, float64, shape (seeds, images)."""
    generator = np.random.default_rng(start)
    easy = np.linspace(0, 1, images)
    return (easy < mean + luck * generator.standard_normal((seeds, 1))).astype(float)


def test_the_boundaries_are_the_published_ones() -> None:
    """Five equal steps: D. M. Reboussin et al. (2000), Controlled Clinical Trials 21, 190-207."""
    levels = nominal_levels((1, 2, 3, 4, 5), 0.05)
    bounds = [stats.norm.isf(level / 2) for level in levels]
    assert bounds == pytest.approx([2.438, 2.427, 2.410, 2.397, 2.386], abs=6e-4)


def test_one_look_has_the_whole_level() -> None:
    assert nominal_levels((7,), 0.03) == pytest.approx([0.03])


@pytest.mark.parametrize(("looks", "alpha"), [((3, 5, 8, 12, 20), 0.05), ((3, 5), 0.2)])
def test_all_looks_together_have_the_level(looks: tuple[int, ...], alpha: float) -> None:
    generator = np.random.default_rng(0)
    sums = generator.standard_normal((200_000, looks[-1])).cumsum(axis=1)
    bounds = stats.norm.isf(np.array(nominal_levels(looks, alpha)) / 2)
    crossed = np.zeros(len(sums), bool)
    for look, bound in zip(looks, bounds, strict=True):
        crossed |= np.abs(sums[:, look - 1]) / math.sqrt(look) > bound
    assert crossed.mean() == pytest.approx(alpha, rel=0.03)


def test_each_comparison_of_a_report_has_its_part_of_the_level() -> None:
    settings = {"looks": [3, 5, 8], "margin": 1.5, "comparisons": 4}
    design = Design.of(settings, 0.95)
    assert design == Design((3, 5, 8), pytest.approx(0.0125), pytest.approx(0.015))
    assert Design.of(settings | {"margin": None, "comparisons": 0}, 0.95).margin is None


def test_the_interval_has_no_more_degrees_of_freedom_than_the_seeds_give() -> None:
    hopeful = Difference(0.0, 1.0, 1000.0)
    _, high = sequential.repeated_interval(hopeful, 3, 0.01)
    assert high == pytest.approx(stats.t.ppf(0.995, 4))
    few = Difference(0.0, 1.0, 2.5)
    assert sequential.repeated_interval(few, 3, 0.01)[1] == pytest.approx(stats.t.ppf(0.995, 2.5))
    assert sequential.repeated_interval(Difference(0.1, None), 3, 0.01) is None


@pytest.mark.parametrize(
    ("estimate", "interval", "margin", "is_last", "word"),
    [
        (0.0, [-0.9, 0.9], 1.0, False, "equivalent"),
        (0.5, [0.1, 0.9], 1.0, False, "equivalent"),
        (0.5, [0.0, 1.0], 1.0, False, None),
        (0.5, [0.0, 1.0], 1.0, True, "undecided"),
        (1.2, [0.2, 2.2], 1.0, False, "better"),
        (-1.2, [-2.2, -0.2], 1.0, False, "worse"),
        (0.9, [0.2, 1.6], 1.0, False, None),
        (0.9, [0.2, 1.6], 1.0, True, "better"),
        (0.9, [0.2, 1.6], None, False, "better"),
        (0.0, [-0.1, 0.1], None, False, None),
        (0.0, [-0.1, 0.1], None, True, "undecided"),
        (0.4, None, 1.0, False, "undecided"),
    ],
)
def test_a_look_decides_by_its_interval_the_margin_and_its_turn(
    estimate: float, interval: list[float] | None, margin: float, is_last: bool, word: str | None
) -> None:
    assert decision(estimate, interval, margin, is_last) == word


def test_the_path_has_the_looks_that_there_are_seeds_for() -> None:
    model, reference = right(5, 0.7, 0.01, 0), right(5, 0.7, 0.01, 1)
    found = path(model, reference, Design((3, 5, 8), 0.05, 0.0001))
    assert [look.seeds for look in found] == [3, 5]
    for look in found:
        of_first = difference(model[: look.seeds], reference[: look.seeds])
        assert look.difference == of_first.estimate
        assert look.verdict is None


def test_the_first_look_with_a_verdict_decides_and_later_ones_stay_silent() -> None:
    found = path(right(8, 0.9, 0.001, 0), right(8, 0.6, 0.001, 1), THREE)
    assert [look.verdict for look in found] == ["better", None, None]
    assert sequential.decided(found) == found[0]
    assert found[2].interval[0] > 0


def test_more_seeds_do_not_change_what_earlier_looks_have_shown() -> None:
    model, reference = right(8, 0.7, 0.02, 0), right(8, 0.72, 0.02, 1)
    assert path(model, reference, THREE)[:2] == path(model[:5], reference[:5], THREE)


def test_equal_runs_are_equivalent_and_without_a_margin_undecided() -> None:
    same = right(8, 0.7, 0.0, 0)
    assert path(same, same, THREE)[0].verdict == "equivalent"
    words = [look.verdict for look in path(same, same, Design((3, 5, 8), 0.05, None))]
    assert words == [None, None, "undecided"]


def test_equal_models_are_told_apart_no_more_often_than_claimed() -> None:
    """Over all looks; a seed's luck is all there is, where the looks are least alike."""
    generator = np.random.default_rng(0)
    design = Design((3, 5, 8), 0.05, None)
    wrong = 0
    for _ in range(1000):
        ours, theirs = (
            0.01 * generator.standard_normal((8, 1)) + np.zeros((8, 2)) for _ in range(2)
        )
        wrong += sequential.decided(path(ours, theirs, design)).verdict != "undecided"
    assert 0.025 <= wrong / 1000 <= 0.065


def test_a_comparison_says_of_accuracy_what_its_looks_say_and_of_the_rest_what_it_did() -> None:
    model, reference = (runs_with(right(5, mean, 0.001, 0), 1.0, 0.1) for mean in (0.9, 0.6))
    fixed = differences.between(model, reference, 0.95)
    found = differences.between(model, reference, 0.95, Design((3, 5, 8), 0.05, 0.02))
    assert fixed["accuracy"]["looks"] is None
    assert found["accuracy"]["verdict"] == "better"
    assert [look["seeds"] for look in found["accuracy"]["looks"]] == [3, 5]
    assert found["accuracy"]["interval"] == found["accuracy"]["looks"][-1]["interval"]
    assert found["accuracy"]["p_value"] is found["accuracy"]["smallest_detectable"] is None
    assert found["accuracy"]["difference"] == fixed["accuracy"]["difference"]
    for name in ("log_loss", "accuracy_gap", "log_loss_gap", "mcnemar", "shares"):
        assert found[name] == fixed[name]


@pytest.mark.parametrize(
    ("margin", "seeds", "following", "decided"), [(90.0, 3, None, 3), (0.01, 3, 5, None)]
)
def test_a_look_says_whether_there_are_to_be_more_seeds(
    tmp_path: Path, margin: float, seeds: int, following: int | None, decided: int | None
) -> None:
    folder = make_dataset(tmp_path / "made", ["a", "b"], range(seeds), ["x", "y"])
    design = {"looks": [3, 5, 8], "margin": margin, "comparisons": 1}
    settings = {"reference": "a", "confidence": 0.95, "design": design}
    sequential.look(folder, ["a", "b"], seeds, settings, folder / "look.json")
    found = read_json(folder / "look.json")
    assert found == {"seeds": seeds, "next": following, "decided": {"b": decided}}


def test_the_last_look_asks_for_no_more_seeds(tmp_path: Path) -> None:
    folder = make_dataset(tmp_path / "made", ["a", "b"], range(4), ["x", "y"])
    design = {"looks": [3, 4], "margin": 0.01, "comparisons": 1}
    settings = {"reference": "a", "confidence": 0.95, "design": design}
    sequential.look(folder, ["a", "b"], 4, settings, folder / "look.json")
    assert read_json(folder / "look.json")["next"] is None


def test_a_single_model_has_nothing_to_decide(tmp_path: Path) -> None:
    folder = make_dataset(tmp_path / "made", ["a"], range(3), ["x", "y"])
    design = {"looks": [3, 5], "margin": 1.0, "comparisons": 0}
    settings = {"reference": "a", "confidence": 0.95, "design": design}
    sequential.look(folder, ["a"], 3, settings, folder / "look.json")
    assert read_json(folder / "look.json") == {"seeds": 3, "next": None, "decided": {}}
