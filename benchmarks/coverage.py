"""How often intervals hold the truth, and how often the smallest detectable difference is shown.

Runs are made up: an image is called right if its ease, to this model and to this run, plus the luck
of the seed, exceeds zero. The true difference of two such models is known. Prints tables as
Markdown; the last ones stand in coverage.md.

    python benchmarks/coverage.py [--experiments 2000] [--resamples 500] [--processes 2]
"""

import argparse
import itertools
import multiprocessing
import sys
from functools import partial
from pathlib import Path

import numpy as np
from scipy import optimize, stats

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "workflow" / "scripts"))

from swatchbook.comparison import inference

CONFIDENCE = 0.95
SEEDS = (2, 3, 5, 10)
IMAGES = (200, 1000)
SPREADS = (0.0, 0.05, 0.2)  # standard deviation of a seed's luck, in units of ease
EASE, EASE_SPREAD, MODEL_SPREAD, RUN_SPREAD = 2.0, 1.5, 0.7, 0.7
GAIN = 0.15  # how much easier all images are to the better model


def accuracy(gain: float, spread: float) -> float:
    """Return the true accuracy of a model over all images, seeds and runs."""
    deviation = np.sqrt(EASE_SPREAD**2 + MODEL_SPREAD**2 + spread**2 + RUN_SPREAD**2)
    return float(stats.norm.cdf((EASE + gain) / deviation))


def runs(
    generator: np.random.Generator, gain: float, seeds: int, images: int, spread: float
) -> list[np.ndarray]:
    """Make up the runs of a better and a worse model, each of shape (seeds, images)."""
    ease = generator.normal(EASE, EASE_SPREAD, images)
    made = []
    for bonus in (gain, 0.0):
        to_model = generator.normal(bonus, MODEL_SPREAD, images)
        of_seed = generator.normal(0, spread, (seeds, 1))
        of_run = generator.normal(0, RUN_SPREAD, (seeds, images))
        made.append((ease + to_model + of_seed + of_run > 0).astype(float))
    return made


def differences(
    gain: float, seeds: int, images: int, spread: float, experiments: int, resamples: int
) -> list[inference.Difference]:
    """Return the difference found in each experiment."""
    generator = np.random.default_rng([seeds, images, round(spread * 100), round(gain * 1e6)])
    return [
        inference.difference(*runs(generator, gain, seeds, images, spread), resamples)
        for _ in range(experiments)
    ]


def row_of_difference(cell: tuple[int, int, float], experiments: int, resamples: int) -> str:
    """Return a row of the table: coverage, false differences, and power at what is detectable."""
    images, seeds, spread = cell
    sizes = (seeds, images, spread, experiments, resamples)
    truth = accuracy(GAIN, spread) - accuracy(0, spread)
    found = differences(GAIN, *sizes)
    bounds = np.array([one.interval(CONFIDENCE) for one in found])
    covered = np.mean((bounds[:, 0] <= truth) & (truth <= bounds[:, 1]))
    false = np.mean([one.p_value < 1 - CONFIDENCE for one in differences(0.0, *sizes)])
    size = float(np.mean([one.smallest_detectable(CONFIDENCE) for one in found]))
    shown = "–"
    if size < accuracy(10, spread) - accuracy(0, spread):
        gain = optimize.brentq(lambda g: accuracy(g, spread) - accuracy(0, spread) - size, 0, 10)
        strong = differences(gain, *sizes)
        better = [one.p_value < 1 - CONFIDENCE and one.estimate > 0 for one in strong]
        shown = f"{np.mean(better):.3f}"
    luck = np.std(
        stats.norm.cdf(
            (EASE + spread * np.random.default_rng(0).normal(size=100_000))
            / np.sqrt(EASE_SPREAD**2 + MODEL_SPREAD**2 + RUN_SPREAD**2)
        )
    )
    return (
        f"| {images:,} | {seeds} | {luck * 100:.2f} | {covered:.3f} | {false:.3f} "
        f"| {size * 100:.1f} | {shown} |"
    )


def row_of_t(count: int, experiments: int) -> str:
    """Return the coverage of Student's interval of the mean of normal values."""
    samples = np.random.default_rng(count).normal(0.9, 0.01, (experiments, count))
    bounds = np.array([inference.t_interval(values, CONFIDENCE) for values in samples])
    return f"| {count} | {np.mean((bounds[:, 0] <= 0.9) & (bounds[:, 1] >= 0.9)):.3f} |"


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


def main() -> None:
    """Print the three tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--experiments", type=int, default=2000)
    parser.add_argument("--resamples", type=int, default=500)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    print("| images | seeds | a seed's luck, points | coverage | false | detectable | shown |")
    print("|---|---|---|---|---|---|---|")
    row = partial(row_of_difference, experiments=options.experiments, resamples=options.resamples)
    with multiprocessing.Pool(options.processes) as pool:
        for line in pool.imap(row, itertools.product(IMAGES, SEEDS, SPREADS)):
            print(line, flush=True)
    print("\n| seeds | coverage |\n|---|---|")
    for count in SEEDS:
        print(row_of_t(count, 5 * options.experiments))
    print("\n| images | accuracy | coverage |\n|---|---|---|")
    for images, share in itertools.product((200, 1000, 10_000), (0.5, 0.7, 0.9, 0.97)):
        print(row_of_wilson(images, share))


if __name__ == "__main__":
    main()
