"""What a sample lets one say: intervals, p-values, and words by rule. Pure functions of numbers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import optimize, stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

ENOUGH_SEEDS = 3
POWER = 0.8
AS_GOOD_AS_NORMAL = 1e6  # degrees of freedom; SciPy's noncentral t loses digits beyond

BETTER = "better"
WORSE = "worse"
NOT_SHOWN = "no difference shown"
TOO_FEW = "too few seeds to say"


def t_interval(values: np.ndarray, confidence: float, overlap: float = 0.0) -> list[float] | None:
    """Return Student's t interval of the mean of values; ``None`` for a single one.

    Parameters
    ----------
    values
        Independent ones, or a value of each fold of a cross-validation.
    overlap
        Of folds, as for `corrected_difference`, whose standard error is then taken; 0 for
        independent values.
    """
    if len(values) < 2:
        return None
    error = stats.sem(values) * math.sqrt(1 + len(values) * overlap)
    half = stats.t.ppf((1 + confidence) / 2, len(values) - 1) * error
    return [float(values.mean() - half), float(values.mean() + half)]


def bounded_interval(
    values: np.ndarray, confidence: float, overlap: float = 0.0, most: float = 1.0
) -> list[float] | None:
    """Return the interval of the mean of values between 0 and `most`; ``None`` for a single one.

    Student's, by `t_interval`, as long as that stays between the bounds. Of few seeds near a bound
    it does not: then that of the mean's logit (of its logarithm where there is no upper bound),
    with the standard error by the delta method, carried back. The logit interval of a share is in
    L. D. Brown, T. T. Cai and A. DasGupta, 2001, Interval estimation for a binomial proportion,
    Statistical Science 16, 101-133; docs/statistics.md says how often this one holds the truth.

    Parameters
    ----------
    overlap
        As for `t_interval`.
    most
        What a value can be at most; infinity for no bound.
    """
    plain = t_interval(values, confidence, overlap)
    if plain is None or (plain[0] >= 0 and plain[1] <= most):
        return plain
    mean = float(values.mean())
    room = 1 - mean / most  # 1 without an upper bound
    if mean <= 0 or room <= 0:  # all are at the bound, but for rounding
        return [min(max(mean, 0.0), most)] * 2
    half = (plain[1] - mean) / (mean * room)
    odds = [mean / room * math.exp(step) for step in (-half, half)]
    return [end / (1 + end / most) for end in odds]


def over_seeds(
    values: np.ndarray, confidence: float, overlap: float = 0.0, most: float | None = None
) -> dict[str, Any]:
    """Return what is said of a number that each seed has: ``mean``, ``interval``, ``per_seed``.

    Parameters
    ----------
    values
        A value a seed, shape (seeds,).
    confidence, overlap
        Of the interval, which is `t_interval`'s.
    most
        Of values that are never below 0, what they can be at most, infinity for no bound: their
        interval is `bounded_interval`'s.
    """
    if most is None:
        interval = t_interval(values, confidence, overlap)
    else:
        interval = bounded_interval(values, confidence, overlap, most)
    return {
        "mean": float(values.mean()),
        "interval": interval,
        "per_seed": values.tolist(),
    }


def wilson_interval(successes: float, trials: float, confidence: float) -> list[float]:
    """Return the score interval of a share of independent trials, in [0, 1].

    E. B. Wilson (1927), Probable inference, the law of succession, and statistical inference,
    Journal of the American Statistical Association 22, 209-212; computed by statsmodels.
    """
    low, high = proportion_confint(successes, trials, alpha=1 - confidence, method="wilson")
    return [float(low), float(high)]


def share_interval(hits: np.ndarray, trials: np.ndarray, confidence: float) -> list[float] | None:
    """Return the interval of a share, in [0, 1], with images and seeds left to chance.

    The share is the hits of all runs by their trials: of recall a class's images are the trials, of
    precision what was called so. Its variance is that of one run on as many images, p (1 - p) /
    trials, which is no less than what images and the rest of single runs bring to the mean over
    seeds, and what the seeds' own shares vary by beyond that rest, as in `difference`. The interval
    is Wilson's at the number of trials that would bring the same variance, which is made smaller by
    the square of a normal by a Student's quantile, since the seeds are few (E. L. Korn, B. I.
    Graubard, 1998, Confidence intervals for proportions with small expected number of positive
    counts estimated from survey data, Survey Methodology 24, 193-201; Wilson's in the place of
    theirs: C. Franco et al., 2019, Comparative study of confidence intervals for proportions in
    complex sample surveys, Journal of Survey Statistics and Methodology 7, 334-364). Of one run it
    is `wilson_interval`, which says nothing of other seeds.

    Parameters
    ----------
    hits, trials
        For each run whether an image counts, and as a hit; 0 or 1, shape (seeds, images).

    Returns
    -------
    list of float
        ``None`` without a trial.
    """
    seeds, total = len(hits), int(trials.sum())
    if not total:
        return None
    share, count = float(hits.sum()) / total, total / seeds
    from_images = share * (1 - share) / count
    if not from_images:
        return wilson_interval(share * count, count, confidence)
    from_seeds, beyond = _seeds_part(hits - share * trials, count)
    variance = from_images + beyond
    freedom = variance**2 * (seeds - 1) / from_seeds**2 if from_seeds else math.inf
    quantile = (1 + confidence) / 2
    few = stats.norm.ppf(quantile) / stats.t.ppf(quantile, max(1.0, freedom))
    effective = share * (1 - share) / variance * float(few) ** 2
    return wilson_interval(share * effective, effective, confidence)


def _seeds_part(deviations: np.ndarray, count: float) -> tuple[float, float]:
    """Return what seeds bring to the variance of a share, with the rest of runs and without it.

    Parameters
    ----------
    deviations
        What each image of each run adds to hits beyond the share, shape (seeds, images).
    count
        Trials a run.
    """
    involved = deviations[:, deviations.any(axis=0)]
    seeds, images = involved.shape
    if min(seeds, images) < 2:
        return 0.0, 0.0
    scores = involved * (images / count)  # a seed's mean is by how much its own share is off
    from_seeds = float(scores.mean(1).var(ddof=1)) / seeds
    return from_seeds, max(0.0, from_seeds - _residual_variance(scores))


def mcnemar_exact(only_model: int, only_reference: int) -> float:
    """Return the two-sided p-value of the exact McNemar test; 1 where the two never disagree.

    Q. McNemar (1947), Note on the sampling error of the difference between correlated proportions
    or percentages, Psychometrika 12, 153-157; the binomial form, computed by statsmodels.

    Parameters
    ----------
    only_model, only_reference
        How many images only the one and only the other called right.
    """
    table = [[0, only_model], [only_reference, 0]]
    return float(mcnemar(table, exact=True).pvalue)


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Return p-values adjusted for being several; ``None`` stays and does not count.

    S. Holm (1979), A simple sequentially rejective multiple test procedure, Scandinavian Journal of
    Statistics 6, 65-70; computed by statsmodels.
    """
    known = [value for value in p_values if value is not None]
    if not known:
        return list(p_values)
    adjusted = iter(multipletests(known, method="holm")[1])
    return [None if value is None else float(next(adjusted)) for value in p_values]


@dataclass(frozen=True)
class Difference:
    """A difference of two means and how far chance may have moved it.

    Attributes
    ----------
    estimate
        The difference, in the unit of the scores.
    error
        Its standard error, in the same unit; ``None`` where it cannot be known.
    freedom
        The degrees of freedom of `error`; infinite where that is exact.
    """

    estimate: float
    error: float | None
    freedom: float = math.inf

    def interval(self, confidence: float) -> list[float] | None:
        """Return Student's t interval; ``None`` without an error."""
        if self.error is None:
            return None
        half = float(stats.t.ppf((1 + confidence) / 2, self.freedom)) * self.error
        return [self.estimate - half, self.estimate + half]

    @property
    def p_value(self) -> float | None:
        """The two-sided p-value of no difference; ``None`` without an error.

        It is below 1 - confidence exactly where `interval` leaves out zero.
        """
        if self.error is None:
            return None
        if self.error == 0:
            return float(self.estimate == 0)
        return float(2 * stats.t.sf(abs(self.estimate) / self.error, self.freedom))

    def smallest_detectable(self, confidence: float, power: float = POWER) -> float | None:
        """Return the true difference that such a sample would show with a probability of `power`.

        To show is to have a two-sided p-value below 1 - confidence and the right sign. The size at
        which the noncentral t distribution gives that power (J. Cohen, 1988, Statistical power
        analysis for the behavioral sciences, chapter 2), at the standard error found here. ``None``
        without an error.
        """
        if self.error is None:
            return None
        critical = float(stats.t.ppf((1 + confidence) / 2, self.freedom))

        def excess(shift: float) -> float:
            if self.freedom > AS_GOOD_AS_NORMAL:
                return float(stats.norm.sf(critical - shift)) - power
            return float(stats.nct.sf(critical, self.freedom, shift)) - power

        upper = critical + 2.0
        while excess(upper) < 0:
            upper *= 2
        return self.error * float(optimize.brentq(excess, 0, upper))


def difference(
    model: np.ndarray,
    reference: np.ndarray,
    model_offset: np.ndarray | float = 0.0,
    reference_offset: np.ndarray | float = 0.0,
) -> Difference:
    """Return the difference of two models' mean scores, with test images and seeds left to chance.

    A score is an image's part, a seed's part and a rest that only this seed on this image has. The
    images are the same for both models, the seeds of each model are taken for itself. The variance
    of the difference is estimated by the moments of the two-way tables (seeds, images), as in a
    random-effects analysis of variance: what the images' means vary by, plus what the seeds' means
    vary by, minus the rest, by its residual mean square, since both of the former have it and the
    mean has it once. So it is unbiased (S. R. Searle, G. Casella, C. E. McCulloch, 1992, Variance
    components, chapter 4). Up to the share of one image it is also the variance over resamples of
    images and seeds together with two of the three rests that those have taken off (A. B. Owen,
    2007, The pigeonhole bootstrap, Annals of Applied Statistics 1, 386-411). It is never less than
    the variance from images alone or from seeds alone, each of which is a lower bound. The degrees
    of freedom are those of F. E. Satterthwaite (1946), An approximate distribution of estimates of
    variance components, Biometrics Bulletin 2, 110-114.

    Parameters
    ----------
    model, reference
        A score of each test image by each seed, shape (seeds, images).
    model_offset, reference_offset
        What is added to the mean score of each seed, shape (seeds,): for gaps, the training part.

    Returns
    -------
    Difference
        Without an error where a model has a single seed, or the test set a single image.
    """
    sides = ((model, model_offset), (reference, reference_offset))
    of_seeds = [scores.mean(1) + offset for scores, offset in sides]
    estimate = float(of_seeds[0].mean() - of_seeds[1].mean())
    images = model.shape[1]
    if min(len(model), len(reference), images) < 2:
        return Difference(estimate, None)
    from_images = float((model.mean(0) - reference.mean(0)).var(ddof=1)) / images
    seed_parts = [float(means.var(ddof=1)) / len(means) for means in of_seeds]
    from_seeds = sum(seed_parts)
    from_rest = sum(_residual_variance(scores) for scores, _ in sides)
    variance = max(from_images, from_seeds, from_images + from_seeds - from_rest)
    spread = from_images**2 / (images - 1)
    spread += sum(
        part**2 / (len(means) - 1) for part, means in zip(seed_parts, of_seeds, strict=True)
    )
    freedom = variance**2 / spread if spread > 0 else math.inf
    return Difference(estimate, math.sqrt(variance), freedom)


def corrected_difference(model: np.ndarray, reference: np.ndarray, overlap: float) -> Difference:
    """Return the difference of two models' mean scores over the folds of a cross-validation.

    The runs of folds are no independent ones: any two of them share training images, and in another
    repetition the test images too. So what their differences vary by, divided by their number,
    would be too small a variance. The corrected resampled t-test takes

        (1 / runs + test images / training images) × the variance of the runs' differences

    with one degree of freedom less than runs (C. Nadeau, Y. Bengio, 2003, Inference for the
    generalization error, Machine Learning 52, 239-281; for repeated cross-validation R. R.
    Bouckaert, E. Frank, 2004, Evaluating the replicability of significance tests for comparing
    learning algorithms, PAKDD, 3-12). It is no unbiased variance, which there is not from one
    cross-validation (Y. Bengio, Y. Grandvalet, 2004, No unbiased estimator of the variance of
    K-fold cross-validation, Journal of Machine Learning Research 5, 1089-1105).

    Parameters
    ----------
    model, reference
        A score of each run, shape (runs,), the same place being the same fold.
    overlap
        Test images of a run divided by its training images.

    Returns
    -------
    Difference
        Without an error where there is a single run.
    """
    differences = model - reference
    estimate = float(differences.mean())
    runs = len(differences)
    if runs < 2:
        return Difference(estimate, None)
    error = math.sqrt((1 / runs + overlap) * float(differences.var(ddof=1)))
    return Difference(estimate, error, runs - 1)


def _residual_variance(scores: np.ndarray) -> float:
    """Return the part of what neither seed nor image explains in the variance of the mean.

    The residual mean square of the two-way table (seeds, images), divided by its number of cells.
    """
    seeds, images = scores.shape
    of_images = scores - scores.mean(0)
    left = (of_images**2).sum() - images * (of_images.mean(1) ** 2).sum()
    return max(0.0, float(left)) / ((seeds - 1) * (images - 1)) / (seeds * images)


def verdict(
    difference: float,
    p_value: float | None,
    seeds: int,
    confidence: float,
    higher_is_better: bool = True,
) -> str:
    """Say in words what a difference shows.

    The rule, in this order: fewer than three seeds are "too few seeds to say"; a p-value of
    1 - confidence or more is "no difference shown"; any other is "better" or "worse" by the sign of
    the difference.

    A comparison's own p-value is below 1 - confidence where its interval leaves out zero. Among
    several comparisons the p-value that counts is Holm's, which is never smaller: "better" and
    "worse" are said only where the interval leaves out zero, but not wherever it does.

    Parameters
    ----------
    difference
        Model minus reference.
    p_value
        Two-sided, adjusted if there are several comparisons.
    seeds
        Of each model.
    confidence
        Of the interval.
    higher_is_better
        Whether a positive difference is in the model's favour.
    """
    if p_value is None or seeds < ENOUGH_SEEDS:
        return TOO_FEW
    if p_value >= 1 - confidence:
        return NOT_SHOWN
    return BETTER if (difference > 0) == higher_is_better else WORSE


def only_alone(p_value: float | None, adjusted: float | None, confidence: float) -> bool:
    """Whether a difference would be shown by itself, but is not among all comparisons."""
    if p_value is None or adjusted is None:
        return False
    return p_value < 1 - confidence <= adjusted
