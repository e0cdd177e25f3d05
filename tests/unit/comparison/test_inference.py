"""Intervals cover the truth as often as they claim, and words follow from p-values by rule.

Each statistic is held against a published example or another implementation of the same formula.
"""

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import TTestPower

from swatchbook.comparison.inference import (
    Difference,
    bounded_interval,
    corrected_difference,
    difference,
    holm,
    mcnemar_exact,
    only_alone,
    share_interval,
    t_interval,
    verdict,
    wilson_interval,
)

# Student (1908), The probable error of a mean: hours of sleep gained with one drug over another.
SLEEP = np.array([1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4])


def scores(seeds: int, images: int = 200, mean: float = 0.7, start: int = 0) -> np.ndarray:
    """Right or wrong by chance, float64, shape (seeds, images)."""
    generator = np.random.default_rng(start)
    return (generator.random((seeds, images)) < mean).astype(float)


def interval(model: np.ndarray, reference: np.ndarray) -> list[float]:
    """Return the 95 per cent interval of the difference of two models' means."""
    found = difference(model, reference).interval(0.95)
    assert found is not None
    return found


@pytest.mark.parametrize("confidence", [0.8, 0.95])
@pytest.mark.parametrize("count", [2, 3, 10])
def test_the_t_interval_is_scipys(count: int, confidence: float) -> None:
    values = np.random.default_rng(count).normal(0.9, 0.01, count)
    expected = stats.t.interval(confidence, count - 1, values.mean(), stats.sem(values))
    assert t_interval(values, confidence) == pytest.approx(expected, rel=1e-12)


def test_the_t_interval_of_students_sleep_data_is_the_published_one() -> None:
    """As in the manual of R, ``t.test`` of the data set ``sleep``, paired."""
    assert t_interval(SLEEP, 0.95) == pytest.approx([0.7001142, 2.4598858], abs=1e-7)


def test_a_single_value_has_no_interval() -> None:
    assert t_interval(np.array([0.9]), 0.95) is None


def test_an_interval_inside_its_bounds_is_students() -> None:
    values = np.array([0.90, 0.91, 0.93])
    assert bounded_interval(values, 0.95) == t_interval(values, 0.95)
    assert bounded_interval(values, 0.95, 0.25) == t_interval(values, 0.95, 0.25)
    assert bounded_interval(np.array([0.9]), 0.95) is None
    assert bounded_interval(np.ones(3), 0.95) == [1.0, 1.0]


@pytest.mark.parametrize(
    "values", [[1.0, 1 - 1e-16], [1 + 3e-16, 1.0], [1 + 3e-16] * 2, [0.0, -1e-18]]
)
def test_the_interval_of_values_that_only_rounding_keeps_from_a_bound(values: list[float]) -> None:
    low, high = bounded_interval(np.array(values), 0.95)
    assert low == high == round(values[0])


@pytest.mark.parametrize("most", [1.0, 2.0, math.inf])
def test_an_interval_that_would_pass_a_bound_is_of_the_logit(most: float) -> None:
    values = np.array([0.001, 0.003, 0.012])
    mean, error = values.mean(), stats.sem(values)
    assert t_interval(values, 0.95)[0] < 0
    step = stats.t.ppf(0.975, 2) * error * (1 / mean + (1 / (most - mean)))
    offset = math.log(mean if math.isinf(most) else mean / (most - mean))
    ends = [math.exp(offset + sign * step) for sign in (-1, 1)]
    expected = ends if math.isinf(most) else [most * end / (1 + end) for end in ends]
    assert bounded_interval(values, 0.95, most=most) == pytest.approx(expected)
    if most == 1:
        low, high = bounded_interval(1 - values, 0.95)
        assert [1 - high, 1 - low] == pytest.approx(expected)
        assert 0 < low < high < 1


@pytest.mark.parametrize(("images", "share"), [(24, 0.97), (100, 0.9), (100, 0.97), (1000, 0.995)])
@pytest.mark.parametrize("count", [3, 10])
def test_intervals_near_a_bound_cover_no_less_often_than_students(
    images: int, share: float, count: int
) -> None:
    samples = np.random.default_rng(count).binomial(images, share, (2000, count)) / images

    def covered(interval: Callable[[np.ndarray, float], list[float] | None]) -> float:
        bounds = np.array([interval(values, 0.95) for values in samples])
        return float(np.mean((bounds[:, 0] <= share) & (share <= bounds[:, 1])))

    assert covered(bounded_interval) >= covered(t_interval) - 0.005


@pytest.mark.parametrize("count", [2, 3, 10])
def test_t_intervals_cover_the_mean_as_often_as_they_claim(count: int) -> None:
    generator = np.random.default_rng(count)
    covered = 0
    for values in generator.normal(0.9, 0.01, (2000, count)):
        low, high = t_interval(values, 0.95)
        covered += low <= 0.9 <= high
    assert covered / 2000 == pytest.approx(0.95, abs=0.015)


@pytest.mark.parametrize(
    ("successes", "trials", "expected"),
    [
        (81, 263, [0.2553, 0.3662]),
        (15, 148, [0.0624, 0.1605]),
        (0, 20, [0.0000, 0.1611]),
        (1, 29, [0.0061, 0.1718]),
    ],
)
def test_the_wilson_interval_is_the_published_one(
    successes: int, trials: int, expected: list[float]
) -> None:
    """R. G. Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3."""
    assert wilson_interval(successes, trials, 0.95) == pytest.approx(expected, abs=6e-5)


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_the_wilson_interval_is_scipys(confidence: float) -> None:
    for successes in (0, 1, 180, 200):
        exact = stats.binomtest(successes, 200).proportion_ci(confidence, method="wilson")
        assert wilson_interval(successes, 200, confidence) == pytest.approx(exact, abs=1e-12)


@pytest.mark.parametrize("share", [0.5, 0.7, 0.9, 0.97])
@pytest.mark.parametrize("images", [200, 1000])
def test_wilson_intervals_cover_the_share_about_as_often_as_they_claim(
    images: int, share: float
) -> None:
    """Not by simulation: the probabilities of all outcomes that cover it are added up."""
    outcomes = np.arange(images + 1)
    bounds = np.array([wilson_interval(int(right), images, 0.95) for right in outcomes])
    covers = (bounds[:, 0] <= share) & (share <= bounds[:, 1])
    assert 0.935 <= stats.binom.pmf(outcomes, images, share)[covers].sum() <= 0.97


def test_mcnemars_exact_p_is_the_hand_computed_one() -> None:
    # At most 1 of 6 on either side: 2 (1 + 6) / 2**6.
    assert mcnemar_exact(1, 5) == pytest.approx(14 / 64)
    assert mcnemar_exact(0, 0) == 1
    assert mcnemar_exact(4, 4) == 1


@pytest.mark.parametrize(("only_model", "only_reference"), [(0, 9), (12, 3), (150, 86)])
def test_mcnemars_exact_p_is_the_binomial_tests(only_model: int, only_reference: int) -> None:
    expected = stats.binomtest(only_model, only_model + only_reference).pvalue
    assert mcnemar_exact(only_model, only_reference) == pytest.approx(expected, rel=1e-9)
    assert mcnemar_exact(only_reference, only_model) == pytest.approx(expected, rel=1e-9)


def test_holms_adjustment_steps_down() -> None:
    # 4 x 0.005; 3 x 0.01; 2 x 0.03; 1 x 0.04, but never below the one before.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_holms_adjustment_is_that_of_its_definition() -> None:
    values = np.random.default_rng(0).random(12) ** 3
    order = np.argsort(values)
    adjusted = np.empty(12)
    adjusted[order] = np.maximum.accumulate((12 - np.arange(12)) * values[order]).clip(max=1)
    assert holm(list(values)) == pytest.approx(adjusted)


def test_holms_adjustment_of_one_is_itself_and_what_is_unknown_does_not_count() -> None:
    assert holm([0.03]) == [0.03]
    assert holm([None, 0.03, None, 0.02]) == [None, pytest.approx(0.04), None, pytest.approx(0.04)]
    assert holm([None, None]) == [None, None]
    assert holm([]) == []


def test_a_difference_has_students_published_interval_and_p_value() -> None:
    """The sleep data once more; p as in the manual of R."""
    found = Difference(SLEEP.mean(), float(stats.sem(SLEEP)), 9)
    assert found.interval(0.95) == pytest.approx([0.7001142, 2.4598858], abs=1e-7)
    assert found.p_value == pytest.approx(0.002833, abs=5e-7)


@pytest.mark.parametrize("freedom", [2.5, 40, math.inf])
def test_the_p_value_is_below_what_is_left_of_confidence_where_zero_is_left_out(
    freedom: float,
) -> None:
    critical = stats.t.ppf(0.975, freedom)
    for estimate, is_left_out in ((critical * 1.001, True), (-critical * 0.999, False)):
        found = Difference(float(estimate), 1.0, freedom)
        low, high = found.interval(0.95)
        assert (low > 0 or high < 0) == is_left_out
        assert (found.p_value < 0.05) == is_left_out


def test_without_an_error_nothing_is_known() -> None:
    found = Difference(0.1, None)
    assert found.interval(0.95) is None
    assert found.p_value is None
    assert found.smallest_detectable(0.95) is None


def test_without_chance_any_difference_is_sure() -> None:
    assert Difference(0.1, 0.0).p_value == 0
    assert Difference(0.0, 0.0).p_value == 1
    assert Difference(0.1, 0.0).smallest_detectable(0.95) == 0


@pytest.mark.parametrize("count", [2, 3, 5, 34])
@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_the_smallest_detectable_difference_is_statsmodels(count: int, confidence: float) -> None:
    alpha = (1 - confidence) / 2
    expected = TTestPower().solve_power(None, count, alpha, 0.8, alternative="larger")
    found = Difference(0.0, 1 / math.sqrt(count), count - 1).smallest_detectable(confidence)
    assert found == pytest.approx(expected, rel=1e-5)


def test_the_smallest_detectable_difference_of_a_known_error_is_the_textbooks() -> None:
    # 1.96 + 0.84 standard errors.
    assert Difference(0.0, 1.0).smallest_detectable(0.95) == pytest.approx(2.8016, abs=1e-4)
    nearly = Difference(0.0, 1.0, 1e5).smallest_detectable(0.95)
    assert nearly == pytest.approx(2.8016, abs=1e-3)


def test_the_smallest_detectable_difference_is_detected_with_the_power_claimed() -> None:
    size = Difference(0.0, 1 / math.sqrt(5), 4).smallest_detectable(0.95)
    samples = np.random.default_rng(0).normal(size, 1, (2000, 5))
    found = [Difference(s.mean(), float(s.std(ddof=1) / math.sqrt(5)), 4) for s in samples]
    assert np.mean([one.p_value < 0.05 for one in found]) == pytest.approx(0.8, abs=0.03)


def test_the_difference_is_that_of_the_means() -> None:
    model, reference = scores(3, mean=0.8), scores(4, mean=0.6, start=1)
    found = difference(model, reference)
    assert found.estimate == pytest.approx(model.mean() - reference.mean())
    assert np.mean(found.interval(0.95)) == pytest.approx(found.estimate)


def test_offsets_shift_the_difference_by_their_means() -> None:
    model, reference = scores(3), scores(3, start=1)
    offsets = np.array([0.1, 0.2, 0.3]), np.array([0.0, 0.1, 0.05])
    found = difference(model, reference, *offsets)
    assert found.estimate == pytest.approx(model.mean() + 0.2 - reference.mean() - 0.05)


def test_offsets_that_vary_over_seeds_widen_the_interval() -> None:
    model, reference = scores(3), scores(3, start=1)
    spread = difference(model, reference, np.array([-0.5, 0, 0.5]))
    assert spread.error > 3 * difference(model, reference).error


def test_swapping_the_models_negates_the_difference() -> None:
    model, reference = scores(3, mean=0.8), scores(3, mean=0.6, start=1)
    low, high = interval(model, reference)
    assert interval(reference, model) == pytest.approx([-high, -low], rel=1e-12)


def test_equal_models_without_a_seeds_effect_differ_by_nothing_since_images_are_paired() -> None:
    same = np.repeat(scores(1), 3, axis=0)
    found = difference(same, same)
    assert found.estimate == 0
    assert found.interval(0.95) == pytest.approx([0, 0], abs=1e-9)
    assert found.p_value == 1


def test_a_constant_difference_is_sure_however_hard_the_images_vary() -> None:
    difficulty = np.random.default_rng(0).normal(0, 5, (1, 200))
    reference = np.repeat(difficulty, 3, axis=0)
    found = difference(reference + 1, reference)
    assert [found.estimate, *found.interval(0.95)] == pytest.approx([1, 1, 1])
    assert found.p_value == pytest.approx(0, abs=1e-12)


def test_where_only_one_models_seeds_vary_the_interval_is_students() -> None:
    same = np.repeat(scores(1), 3, axis=0)
    spread = same + np.array([[-0.1], [0.0], [0.1]])
    expected = t_interval(np.array([-0.1, 0.0, 0.1]), 0.95)
    assert interval(spread, same) == pytest.approx(expected, rel=1e-6)


def two_models(spread: float) -> list[np.ndarray]:
    """Scores with an image's part, a seed's of this spread and a rest, float64, (4, 300) each."""
    generator = np.random.default_rng(5)
    return [
        generator.normal(0, 0.3, 300)
        + generator.normal(0, spread, (4, 1))
        + generator.normal(0, 0.4, (4, 300))
        for _ in range(2)
    ]


@pytest.mark.parametrize("spread", [0.0, 0.03])
def test_the_error_is_that_of_the_two_way_decomposition(spread: float) -> None:
    """Images plus seeds minus what both have of the rest, never less than either."""
    model, reference = two_models(spread)
    images = np.var(model.mean(0) - reference.mean(0), ddof=1) / 300
    seeds = rest = 0.0
    for side in (model, reference):
        seeds += np.var(side.mean(1), ddof=1) / 4
        total = sum(
            (side[s, i] - side[s].mean() - side[:, i].mean() + side.mean()) ** 2
            for s in range(4)
            for i in range(300)
        )
        rest += total / (3 * 299) / (4 * 300)
    expected = max(images, seeds, images + seeds - rest)
    assert difference(model, reference).error ** 2 == pytest.approx(expected, rel=1e-9)


def test_the_error_is_that_of_resampling_with_two_of_the_three_rests_taken_off() -> None:
    """Images resampled for both models, seeds for each, their deviations widened."""
    sides = two_models(0.03)
    generator = np.random.default_rng(0)
    weights = generator.multinomial(300, np.full(300, 1 / 300), size=20_000) / 300
    means = []
    for side in sides:
        of_seeds = weights @ side.T
        centre = of_seeds.mean(1, keepdims=True)
        widened = centre + (of_seeds - centre) * math.sqrt(4 / 3)
        drawn = generator.integers(4, size=of_seeds.shape)
        means.append(np.take_along_axis(widened, drawn, axis=1).mean(1))
    rests = 0.0
    for side in sides:
        left = side - side.mean(0) - side.mean(1, keepdims=True) + side.mean()
        rests += (left**2).sum() / (3 * 299) / (4 * 300)
    resampled = np.var(means[0] - means[1]) - 2 * rests
    assert difference(*sides).error ** 2 == pytest.approx(resampled, rel=0.04)


def test_the_same_scores_give_the_same_interval() -> None:
    model, reference = scores(3), scores(3, start=1)
    assert difference(model, reference) == difference(model, reference)


def test_more_confidence_is_a_wider_interval() -> None:
    found = difference(scores(3), scores(3, start=1))
    widths = [np.ptp(found.interval(confidence)) for confidence in (0.8, 0.95, 0.99)]
    assert widths[0] < widths[1] < widths[2]


@pytest.mark.parametrize(("ours", "theirs"), [(1, 1), (1, 3), (3, 1)])
def test_a_single_seed_has_a_difference_but_no_interval(ours: int, theirs: int) -> None:
    model, reference = scores(ours), scores(theirs, start=1)
    expected = pytest.approx(model.mean() - reference.mean())
    assert difference(model, reference) == Difference(expected, None)


def test_a_single_image_has_a_difference_but_no_interval() -> None:
    assert difference(np.ones((3, 1)), np.zeros((3, 1))) == Difference(1.0, None)


@pytest.mark.parametrize(
    ("seeds", "spread", "most"),
    [(3, 0.0, 0.99), (3, 0.2, 0.98), (5, 0.0, 0.98), (5, 0.1, 0.975)],
)
def test_95_per_cent_intervals_cover_the_true_difference_about_that_often(
    seeds: int, spread: float, most: float
) -> None:
    """An image is called right if its ease, to this model and to this run, exceeds zero.

    Three seeds that have no effect of their own are the most cautious case: their variance is
    estimated from so few that it is often too large, and never counted as less than nothing.
    """
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
        low, high = interval(*drawn)
        covered += low <= truth <= high
    assert 0.925 <= covered / experiments <= most


@pytest.mark.parametrize(
    ("size", "p_value", "seeds", "higher_is_better", "words"),
    [
        (0.1, 0.01, 3, True, "better"),
        (0.1, 0.01, 3, False, "worse"),
        (-0.1, 0.01, 3, True, "worse"),
        (-0.1, 0.01, 3, False, "better"),
        (0.1, 0.2, 3, True, "no difference shown"),
        (0.1, 1 - 0.95, 3, True, "no difference shown"),
        (0.1, 0.0499, 3, True, "better"),
        (0.0, 1.0, 3, True, "no difference shown"),
        (0.1, 0.0, 3, True, "better"),
        (0.1, 0.001, 2, True, "too few seeds to say"),
        (0.1, None, 1, True, "too few seeds to say"),
        (0.1, None, 5, True, "too few seeds to say"),
    ],
)
def test_the_verdict_follows_from_the_p_value_the_sign_and_the_seeds(
    size: float, p_value: float | None, seeds: int, higher_is_better: bool, words: str
) -> None:
    assert verdict(size, p_value, seeds, 0.95, higher_is_better) == words


def test_an_interval_that_leaves_out_zero_is_not_enough_among_several_comparisons() -> None:
    alone = [Difference(size, 1.0, 20) for size in (2.3, 2.2, 0.5)]
    assert [one.interval(0.95)[0] > 0 for one in alone] == [True, True, False]
    p_values = [one.p_value for one in alone]
    adjusted = holm(p_values)
    words = [verdict(one.estimate, p, 3, 0.95) for one, p in zip(alone, adjusted, strict=True)]
    assert words == ["no difference shown"] * 3
    pairs = list(zip(p_values, adjusted, strict=True))
    assert [only_alone(*pair, 0.95) for pair in pairs] == [True, True, False]


def test_words_among_several_comparisons_never_go_beyond_the_interval() -> None:
    generator = np.random.default_rng(0)
    for _ in range(20):
        alone = [Difference(float(size), 1.0, 8) for size in generator.normal(0, 3, 4)]
        adjusted = holm([one.p_value for one in alone])
        for one, p_value in zip(alone, adjusted, strict=True):
            low, high = one.interval(0.95)
            word = verdict(one.estimate, p_value, 3, 0.95)
            assert word != "better" or low > 0
            assert word != "worse" or high < 0
            assert only_alone(one.p_value, p_value, 0.95) == (
                (low > 0 or high < 0) and word == "no difference shown"
            )


def test_what_is_not_known_is_not_shown_alone_either() -> None:
    assert not only_alone(None, None, 0.95)


def test_the_corrected_difference_is_that_of_the_formula() -> None:
    """By hand: mean 0.03, variance 0.0005, so (1/5 + 1/4) × 0.0005 = 0.015² and t = 2."""
    model = np.array([0.72, 0.74, 0.7, 0.76, 0.73])
    found = corrected_difference(model, np.full(5, 0.7), 0.25)
    assert found.estimate == pytest.approx(0.03)
    assert (found.error, found.freedom) == (pytest.approx(0.015), 4)
    assert found.p_value == pytest.approx(0.116117, abs=1e-6)
    assert found.interval(0.95) == pytest.approx([0.03 - 2.776445 * 0.015, 0.0716467], abs=1e-6)


def test_folds_are_paired() -> None:
    fold = np.array([0.5, 0.9, 0.6, 0.8, 0.7])
    found = corrected_difference(fold + 0.01, fold, 0.25)
    assert found.estimate == pytest.approx(0.01)
    assert found.error == pytest.approx(0, abs=1e-12)


def test_without_an_overlap_the_corrected_interval_is_students() -> None:
    found = corrected_difference(SLEEP, np.zeros(len(SLEEP)), 0)
    assert found.interval(0.95) == pytest.approx(t_interval(SLEEP, 0.95))
    assert t_interval(SLEEP, 0.95, 0.0) == t_interval(SLEEP, 0.95)
    wider = corrected_difference(SLEEP, np.zeros(len(SLEEP)), 0.25).interval(0.95)
    assert t_interval(SLEEP, 0.95, 0.25) == pytest.approx(wider)


def test_one_fold_has_no_error() -> None:
    assert corrected_difference(np.array([0.5]), np.array([0.4]), 1.0).error is None


def everywhere(hits: np.ndarray) -> np.ndarray:
    """Every image a trial of every run."""
    return np.ones_like(hits)


@pytest.mark.parametrize("right", [0, 13, 20])
def test_the_interval_of_one_runs_share_is_wilsons(right: int) -> None:
    hits = (np.arange(20) < right).astype(float)[None]
    expected = wilson_interval(right, 20, 0.95)
    assert share_interval(hits, everywhere(hits), 0.95) == pytest.approx(expected)


@pytest.mark.parametrize("right", [0, 13, 20])
def test_runs_that_agree_on_every_image_are_as_sure_of_a_share_as_one(right: int) -> None:
    hits = np.tile((np.arange(20) < right).astype(float), (5, 1))
    expected = wilson_interval(right, 20, 0.95)
    assert share_interval(hits, everywhere(hits), 0.95) == pytest.approx(expected)


def test_seeds_that_differ_widen_the_interval_of_a_share() -> None:
    alike = np.tile((np.arange(100) < 80).astype(float), (3, 1))
    apart = np.array([(np.arange(100) < right).astype(float) for right in (60, 80, 100)])
    narrow, wide = (share_interval(hits, everywhere(hits), 0.95) for hits in (alike, apart))
    assert wide[0] < narrow[0] - 0.1 and narrow[1] + 0.05 < wide[1] < 1


def test_images_that_no_run_names_have_no_part_in_a_share() -> None:
    generator = np.random.default_rng(0)
    trials = (generator.random((3, 50)) < 0.4).astype(float)
    hits = trials * (generator.random((3, 50)) < 0.7)
    found = share_interval(hits, trials, 0.95)
    more = [np.concatenate([values, np.zeros((3, 500))], axis=1) for values in (hits, trials)]
    assert share_interval(*more, 0.95) == pytest.approx(found)
    assert share_interval(np.zeros((3, 50)), np.zeros((3, 50)), 0.95) is None


@pytest.mark.parametrize("luck", [0.0, 0.3])
@pytest.mark.parametrize(("images", "seeds"), [(10, 3), (100, 3), (100, 8)])
def test_intervals_of_shares_hold_the_truth_as_often_as_they_claim(
    images: int, seeds: int, luck: float
) -> None:
    generator = np.random.default_rng([images, seeds])
    truth = stats.norm.cdf(1.5 / math.sqrt(1 + 1 + luck**2))
    covered = 0
    for _ in range(300):
        ease = 1.5 + generator.normal(size=images) + luck * generator.normal(size=(seeds, 1))
        hits = (ease + generator.normal(size=(seeds, images)) > 0).astype(float)
        low, high = share_interval(hits, everywhere(hits), 0.95)
        covered += low <= truth <= high
    assert covered / 300 >= 0.93
