"""How often intervals hold the truth, and how often the smallest detectable difference is shown.

Runs are made up: an image is called right if its ease, to this model and to this run, plus the luck
of the seed, exceeds zero. The true difference of two such models is known. Prints tables as
Markdown; the last ones stand in coverage.md. Takes about ten minutes on two cores.

    python benchmarks/coverage.py [--experiments 1000] [--processes 2]
"""

import argparse
import itertools
import multiprocessing
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from scipy import optimize, stats

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "workflow" / "scripts"))

from swatchbook.comparison import inference

CONFIDENCE = 0.95
SEEDS = (2, 3, 5, 10)
IMAGES = (200, 1000, 10_000)
SPREADS = (0.0, 0.05, 0.2)  # standard deviation of a seed's luck, in units of ease
EASE, EASE_SPREAD, MODEL_SPREAD, RUN_SPREAD = 2.0, 1.5, 0.7, 0.7
GAIN = 0.15  # how much easier all images are to the better model
SIZED = 200  # experiments whose smallest detectable difference is computed: it takes milliseconds

PAIRED_SEEDS = (2, 3, 5, 10, 20)
PAIRED_IMAGES = (1000, 10_000)
CLASS_IMAGES = (10, 100, 1000)
CLASS_SPREADS = (0.0, 0.2, 0.5)  # a class has more luck of its own than all of them together
ALARM = 3.5  # how far images of other classes are from being called so, in units of ease
ALIKE = (-0.3, 0.0, 0.3, 0.6)  # correlation of the luck that one seed brings to the two models


def accuracy(gain: float, spread: float) -> float:
    """Return the true accuracy of a model over all images, seeds and runs."""
    deviation = np.sqrt(EASE_SPREAD**2 + MODEL_SPREAD**2 + spread**2 + RUN_SPREAD**2)
    return float(stats.norm.cdf((EASE + gain) / deviation))


def luck(spread: float) -> float:
    """Return the standard deviation of a model's true accuracy over seeds, in points."""
    deviation = np.sqrt(EASE_SPREAD**2 + MODEL_SPREAD**2 + RUN_SPREAD**2)
    eases = EASE + spread * np.random.default_rng(0).normal(size=100_000)
    return 100 * float(np.std(stats.norm.cdf(eases / deviation)))


def excess(
    generator: np.random.Generator, seeds: int, images: int, spread: float, alike: float = 0.0
) -> np.ndarray:
    """Make up by how much images are easy enough, float32, shape (2 models, seeds, images).

    In float32, which is twice as fast and decides no image in a million otherwise.
    """

    def normal(*shape: int) -> np.ndarray:
        return generator.standard_normal(shape, dtype=np.float32)

    of_seed = normal(2, seeds)
    of_seed[1] = alike * of_seed[0] + np.sqrt(1 - alike**2) * of_seed[1]
    made = normal(2, seeds, images)
    made *= RUN_SPREAD
    made += EASE + EASE_SPREAD * normal(images) + (MODEL_SPREAD * normal(2, images))[:, None]
    made += (spread * of_seed)[:, :, None]
    return made


def runs(made: np.ndarray, gain: float) -> tuple[np.ndarray, np.ndarray]:
    """Return who is right in the runs of a better and a worse model, each (seeds, images)."""
    return (made[0] > -gain).astype(float), (made[1] > 0).astype(float)


def differences(
    gains: Sequence[float], cell: tuple[int, int, float], experiments: int
) -> list[list[inference.Difference]]:
    """Return for each gain the difference found in each experiment, on the same chances."""
    images, seeds, spread = cell
    generator = np.random.default_rng([seeds, images, round(spread * 100), len(gains)])
    found: list[list[inference.Difference]] = [[] for _ in gains]
    for _ in range(experiments):
        made = excess(generator, seeds, images, spread)
        for of_gain, gain in zip(found, gains, strict=True):
            of_gain.append(inference.difference(*runs(made, gain)))
    return found


def covered(found: Sequence[inference.Difference], truth: float) -> float:
    """Return how often the interval holds the truth."""
    bounds = np.array([one.interval(CONFIDENCE) for one in found])
    return float(np.mean((bounds[:, 0] <= truth) & (truth <= bounds[:, 1])))


def row_of_difference(cell: tuple[int, int, float], experiments: int) -> str:
    """Return a row of the table: coverage, false differences, and power at what is detectable."""
    images, seeds, spread = cell
    truth = accuracy(GAIN, spread) - accuracy(0, spread)
    found, equal = differences([GAIN, 0.0], cell, experiments)
    false = np.mean([one.p_value < 1 - CONFIDENCE for one in equal])
    size = float(np.mean([one.smallest_detectable(CONFIDENCE) for one in found[:SIZED]]))
    shown = "–"
    if size < accuracy(10, spread) - accuracy(0, spread):
        gain = optimize.brentq(lambda g: accuracy(g, spread) - accuracy(0, spread) - size, 0, 10)
        (strong,) = differences([gain], cell, experiments)
        better = [one.p_value < 1 - CONFIDENCE and one.estimate > 0 for one in strong]
        shown = f"{np.mean(better):.3f}"
    return (
        f"| {images:,} | {seeds} | {luck(spread):.2f} | {covered(found, truth):.3f} | {false:.3f} "
        f"| {size * 100:.1f} | {shown} |"
    )


def row_of_pairing(cell: tuple[int, int, float, float], experiments: int) -> str:
    """Return a row of the table: coverage and width by three ways to count the seeds.

    Each model's seeds for itself, as the library does; the differences of the seeds, which are then
    paired; and the narrower of both intervals.
    """
    images, seeds, spread, alike = cell
    generator = np.random.default_rng([seeds, images, round(spread * 100), round(alike * 10) + 10])
    truth = accuracy(GAIN, spread) - accuracy(0, spread)
    ways: list[list[inference.Difference]] = [[], [], []]
    for _ in range(experiments):
        ours, theirs = runs(excess(generator, seeds, images, spread, alike), GAIN)
        alone = inference.difference(ours, theirs)
        paired = inference.difference(ours - theirs, np.zeros_like(theirs))
        narrower = min(alone, paired, key=lambda one: np.ptp(one.interval(CONFIDENCE)))
        for way, one in zip(ways, (alone, paired, narrower), strict=True):
            way.append(one)
    widths = [np.median([np.ptp(one.interval(CONFIDENCE)) for one in way]) * 50 for way in ways]
    cells = [
        f"{covered(way, truth):.3f} (±{width:.2f})" for way, width in zip(ways, widths, strict=True)
    ]
    return f"| {images:,} | {seeds} | {luck(spread):.2f} | {alike:.1f} | {' | '.join(cells)} |"


def row_of_t(count: int, experiments: int) -> str:
    """Return the coverage of Student's interval of the mean of normal values."""
    samples = np.random.default_rng(count).normal(0.9, 0.01, (experiments, count))
    bounds = np.array([inference.t_interval(values, CONFIDENCE) for values in samples])
    return f"| {count} | {np.mean((bounds[:, 0] <= 0.9) & (bounds[:, 1] >= 0.9)):.3f} |"


def row_of_bounded(images: int, share: float, count: int, experiments: int) -> str:
    """Return how often Student's interval of shares passes a bound, and what covers then."""
    samples = np.random.default_rng(count).binomial(images, share, (experiments, count)) / images
    cells = []
    for interval in (inference.t_interval, inference.bounded_interval):
        bounds = np.array([interval(values, CONFIDENCE) for values in samples])
        covers = (bounds[:, 0] <= share) & (share <= bounds[:, 1])
        if not cells:
            cells.append(f"{100 * np.mean((bounds[:, 0] < 0) | (bounds[:, 1] > 1)):.1f} %")
        cells.append(f"{covers.mean():.3f}")
    return f"| {images:,} | {share} | {count} | {' | '.join(cells)} |"


def row_of_wilson(images: int, share: float) -> str:
    """Return the coverage of Wilson's interval, added up over all outcomes."""
    outcomes = np.arange(images + 1)
    bounds = np.array(
        [inference.wilson_interval(int(right), images, CONFIDENCE) for right in outcomes]
    )
    covers = (bounds[:, 0] <= share) & (share <= bounds[:, 1])
    return (
        f"| {images:,} | {share} | {stats.binom.pmf(outcomes, images, share)[covers].sum():.3f} |"
    )


def row_of_class(cell: tuple[int, int, float], experiments: int) -> str:
    """Return the coverage and width of the intervals of a class's recall and precision.

    Of ten classes with as many images each, whose images are called so if they are easy enough, and
    of the others if they look alike enough.
    """
    images, seeds, spread = cell
    generator = np.random.default_rng([seeds, images, round(spread * 100)])
    deviation = np.sqrt(EASE_SPREAD**2 + MODEL_SPREAD**2 + RUN_SPREAD**2 + spread**2)
    recall, false = stats.norm.cdf(EASE / deviation), stats.norm.cdf(-ALARM / deviation)
    truths = (recall, recall / (recall + 9 * false))
    found: list[list[list[float]]] = [[], []]
    for _ in range(experiments):
        likeness = np.where(np.arange(10 * images) < images, EASE, -ALARM)
        likeness = likeness + np.hypot(EASE_SPREAD, MODEL_SPREAD) * generator.normal(
            size=len(likeness)
        )
        likeness = likeness + spread * generator.normal(size=(seeds, 1))
        called = likeness + RUN_SPREAD * generator.normal(size=likeness.shape) > 0
        is_class = np.zeros(called.shape, bool)
        is_class[:, :images] = True
        for of_share, trials in zip(found, (is_class, called), strict=True):
            of_share.append(
                inference.share_interval(
                    (called & is_class).astype(float), trials.astype(float), CONFIDENCE
                )
            )
    cells = []
    for of_share, truth in zip(found, truths, strict=True):
        bounds = np.array([one for one in of_share if one])
        holds = np.mean((bounds[:, 0] <= truth) & (truth <= bounds[:, 1]))
        cells.append(f"{holds:.3f} (±{np.median(np.ptp(bounds, axis=1)) * 50:.1f})")
    return f"| {images:,} | {seeds} | {spread:.2f} | {' | '.join(cells)} |"


def main() -> None:
    """Print the six tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--experiments", type=int, default=1000)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    of_differences = list(itertools.product(IMAGES, SEEDS, SPREADS))
    of_classes = list(itertools.product(CLASS_IMAGES, (1, 3, 5, 8), CLASS_SPREADS))
    of_pairing = list(itertools.product(PAIRED_IMAGES, PAIRED_SEEDS, SPREADS[1:], ALIKE))
    with multiprocessing.Pool(options.processes) as pool:
        print("| images | seeds | a seed's luck, points | coverage | false | detectable | shown |")
        print("|---|---|---|---|---|---|---|")
        row = partial(row_of_difference, experiments=options.experiments)
        for line in pool.imap(row, of_differences):
            print(line, flush=True)
        print("\n| images | seeds | luck | alike | each model's seeds | paired | narrower |")
        print("|---|---|---|---|---|---|---|")
        row = partial(row_of_pairing, experiments=options.experiments)
        for line in pool.imap(row, of_pairing):
            print(line, flush=True)
        print("\n| images | seeds | luck | recall | precision |\n|---|---|---|---|---|")
        row = partial(row_of_class, experiments=options.experiments)
        for line in pool.imap(row, of_classes):
            print(line, flush=True)
    print("\n| seeds | coverage |\n|---|---|")
    for count in SEEDS:
        print(row_of_t(count, 5 * options.experiments))
    print("\n| images | accuracy | seeds | passes a bound | Student's | the report's |")
    print("|---|---|---|---|---|---|")
    for images, share, count in itertools.product((100, 1000), (0.97, 0.995), SEEDS):
        print(row_of_bounded(images, share, count, 5 * options.experiments))
    print("\n| images | accuracy | coverage |\n|---|---|---|")
    for images, share in itertools.product((200, 1000, 10_000), (0.5, 0.7, 0.9, 0.97)):
        print(row_of_wilson(images, share))


if __name__ == "__main__":
    main()
