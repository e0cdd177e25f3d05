"""As many seeds as a decision needs: looks at growing numbers of seeds, one error rate over all.

A group-sequential design. Each look has a nominal level, such that the looks together have the
error rate of one comparison (K. K. G. Lan, D. L. DeMets, 1983, Discrete sequential boundaries for
clinical trials, Biometrika 70, 659-663). The intervals at these levels are repeated confidence
intervals: all of them hold the true difference together with the confidence claimed, whatever is
decided by them and whenever one stops (C. Jennison, B. W. Turnbull, 1989, Interim analyses: the
repeated confidence interval approach, Journal of the Royal Statistical Society B 51, 305-361; 2000,
Group sequential methods with applications to clinical trials, chapters 9 and 11).

What is particular here:

- The error rate is spent by the share of the planned seeds, which is known beforehand, not by an
  estimated information. Where the images' chance, which more seeds do not lessen, is a large part,
  estimates at two looks are more alike than that takes them to be, and the error is smaller.
- Few seeds: the nominal levels are those of normal boundaries, the intervals are Student's. Their
  degrees of freedom are never more than the seeds of both models give: at the small levels of early
  looks Satterthwaite's count is too hopeful where it is itself estimated from few seeds.
- Several comparisons: each has its part of the error rate (Bonferroni), so that what is decided on
  one data set does not depend on another.

``benchmarks/sequential.py`` simulates all of it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from scipy import optimize, stats

from swatchbook.comparison import stored_predictions
from swatchbook.comparison.inference import BETTER, WORSE, Difference, difference
from swatchbook.data import arrays
from swatchbook.files import write_json

EQUIVALENT = "equivalent"
UNDECIDED = "undecided"

NODES, WEIGHTS = np.polynomial.legendre.leggauss(200)  # exact to ten digits for smooth densities


@dataclass(frozen=True)
class Design:
    """When one looks, and by what one decides.

    Attributes
    ----------
    looks
        After how many seeds.
    alpha
        The error rate of one comparison over all of its looks.
    margin
        Differences smaller than this, as shares, count as none; ``None``: any counts.
    """

    looks: tuple[int, ...]
    alpha: float
    margin: float | None

    @classmethod
    def of(cls, settings: Mapping[str, Any], confidence: float) -> "Design":
        """Make it from `looks.design` and the confidence of the report's words together."""
        margin = settings["margin"]
        return cls(
            tuple(settings["looks"]),
            (1 - confidence) / max(1, settings["comparisons"]),
            None if margin is None else margin / 100,
        )

    def level(self, seeds: int) -> float:
        """Return the nominal level of the look after so many seeds."""
        return nominal_levels(self.looks, self.alpha)[self.looks.index(seeds)]

    def next_look(self, seeds: int) -> int | None:
        """Return after how many seeds the next look is; ``None`` after the last."""
        return next((look for look in self.looks if look > seeds), None)


@dataclass(frozen=True)
class Look:
    """What a comparison shows after so many seeds.

    Attributes
    ----------
    seeds
        How many each model has.
    difference
        Model minus reference, in the unit of the scores.
    interval
        The repeated confidence interval; ``None`` where there is no error to be had.
    verdict
        `BETTER`, `WORSE`, `EQUIVALENT` or, after the last look, `UNDECIDED`; ``None`` to go on.
    """

    seeds: int
    difference: float
    interval: list[float] | None
    verdict: str | None


def spent(alpha: float, share: float) -> float:
    """Return how much of the error rate is spent once a share of the seeds is there.

    Lan's and DeMets's function that spends about evenly, like the boundaries of S. J. Pocock (1977,
    Group sequential methods in the design and analysis of clinical trials, Biometrika 64, 191-199).
    """
    return alpha * math.log(1 + (math.e - 1) * share)


@cache
def nominal_levels(looks: tuple[int, ...], alpha: float) -> tuple[float, ...]:
    """Return the two-sided level of each look, such that together they have the level `alpha`.

    For estimates whose information grows like the number of seeds, by numerical integration over
    what has not yet crossed a boundary (P. Armitage, C. K. McPherson, B. C. Rowe, 1969, Repeated
    significance tests on accumulating data, Journal of the Royal Statistical Society A 132,
    235-244).
    """
    shares = [seeds / looks[-1] for seeds in looks]
    parts = [b - a for a, b in pairwise([0.0, *(spent(alpha, share) for share in shares)])]
    levels = [parts[0]]
    bound = float(stats.norm.isf(parts[0] / 2)) * math.sqrt(shares[0])
    inside = NODES * bound
    mass = WEIGHTS * bound * stats.norm.pdf(inside, scale=math.sqrt(shares[0]))
    for (before, share), part in zip(pairwise(shares), parts[1:], strict=True):
        step = math.sqrt(share - before)
        bound = optimize.brentq(
            _crossing_beyond, 0, 20 * math.sqrt(share), args=(inside, mass, step, part)
        )
        levels.append(2 * float(stats.norm.sf(bound / math.sqrt(share))))
        reached = NODES * bound
        density = stats.norm.pdf((reached[:, None] - inside) / step) / step @ mass
        inside, mass = reached, WEIGHTS * bound * density
    return tuple(levels)


def _crossing_beyond(
    bound: float, inside: np.ndarray, mass: np.ndarray, step: float, part: float
) -> float:
    """Return how much more than `part` crosses the bounds with a normal step from inside."""
    above, below = stats.norm.sf((bound - inside) / step), stats.norm.cdf((-bound - inside) / step)
    return float(mass @ (above + below)) - part


def repeated_interval(found: Difference, seeds: int, level: float) -> list[float] | None:
    """Return the interval of a look with a nominal level; ``None`` without an error."""
    capped = Difference(found.estimate, found.error, min(found.freedom, 2 * (seeds - 1)))
    return capped.interval(1 - level)


def decision(
    estimate: float, interval: Sequence[float] | None, margin: float | None, is_last: bool
) -> str | None:
    """Say in a word what a look decides; ``None`` to go on.

    The rule, in this order: an interval within the margin is "equivalent", whether it leaves out
    zero or not; one that leaves out zero is "better" or "worse", at the last look always, before it
    only if the estimate is as large as the margin; nothing else decides before the last look, which
    leaves "undecided". So a difference that is sure but small is not called one thing early and
    another thing late.

    Parameters
    ----------
    estimate, interval, margin
        In one unit, more being better. Without an interval nothing more is to be had by going on.
    is_last
        Whether this is the last look.
    """
    if interval is None:
        return UNDECIDED
    low, high = interval
    if margin is not None and -margin < low and high < margin:
        return EQUIVALENT
    if (low > 0 or high < 0) and (is_last or margin is None or abs(estimate) >= margin):
        return BETTER if estimate > 0 else WORSE
    return UNDECIDED if is_last else None


def path(model: np.ndarray, reference: np.ndarray, design: Design) -> list[Look]:
    """Return what one comparison showed at each look that there are seeds for.

    It is decided by the first look with a verdict; later ones, which another comparison of the same
    data set has needed, have their intervals and no verdict.

    Parameters
    ----------
    model, reference
        A score of each test image by each seed, shape (seeds, images), more being better.
    """
    found: list[Look] = []
    is_decided = False
    for seeds in design.looks:
        if seeds > len(model):
            break
        between = difference(model[:seeds], reference[:seeds])
        bounds = repeated_interval(between, seeds, design.level(seeds))
        is_last = design.next_look(seeds) is None
        verdict = None if is_decided else decision(between.estimate, bounds, design.margin, is_last)
        is_decided = is_decided or verdict is not None
        found.append(Look(seeds, between.estimate, bounds, verdict))
    return found


def decided(looks: Sequence[Look]) -> Look | None:
    """Return the look that decided; ``None`` where none has."""
    return next((look for look in looks if look.verdict is not None), None)


def look(
    results: str | Path,
    models: Sequence[str],
    seeds: int,
    settings: Mapping[str, Any],
    output: str | Path,
) -> None:
    """Look at all comparisons of one data set and write whether they need more seeds.

    The file has ``seeds`` (how many there are), ``next`` (how many there are to be; ``null`` when
    all comparisons are decided) and ``decided`` (for each model but the reference after how many
    seeds; ``null`` if not yet).

    Parameters
    ----------
    results
        The data set's folder with ``arrays/`` and ``<model>/seed-<seed>/``.
    models
        Those that are compared.
    seeds
        How many seeds there are, from 0.
    settings
        ``reference`` (a model's name), ``confidence`` and ``design`` (`looks.design`).
    output
        The file to write.
    """
    labels = arrays.labels(Path(results) / "arrays", "test")
    correct = {
        model: (probabilities.argmax(axis=2) == labels).astype(float)
        for model, probabilities in stored_predictions.read(results, models, range(seeds)).items()
    }
    reference = settings["reference"]
    design = Design.of(settings["design"], settings["confidence"])
    decisive = {
        model: decided(path(correct[model], correct[reference], design))
        for model in models
        if model != reference
    }
    write_json(
        output,
        {
            "seeds": seeds,
            "next": None if all(decisive.values()) else design.next_look(seeds),
            "decided": {name: found and found.seeds for name, found in decisive.items()},
        },
    )
