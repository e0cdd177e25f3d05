"""How often intervals of a cross-validation hold the truth, the corrected ones and naive ones.

Images are made up: two classes of numbers with noise. Two models of one kind learn from different
halves of the numbers, which say equally much. So their true difference is zero, though either is
ahead on any one data set. Prints a table as Markdown; the last one stands in folds.md. Takes about
two minutes on one core.

    python benchmarks/folds.py [--experiments 250]
"""

import argparse
import itertools
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import StratifiedKFold
from sklearn.naive_bayes import GaussianNB

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "workflow" / "scripts"))

from swatchbook.comparison import inference

CONFIDENCE = 0.95
IMAGES = (60, 200)
SIGNAL = 0.3  # by which a class moves the mean of each, in standard deviations
SHARED = 0.5  # part of the variance that the numbers of both models have in common
TRUTH_SETS, TRUTH_IMAGES = 400, 5000  # by which the true accuracy is measured
# Folds, and after which repetitions the intervals are taken.
DESIGNS = {2: (5,), 5: (1, 2), 10: (1,)}


class Kind(NamedTuple):
    """A kind of model, and how many numbers of an image one of them learns from."""

    name: str
    model: BaseEstimator
    numbers: int


KINDS = (
    Kind("naive Bayes", GaussianNB(), 8),
    Kind("linear discriminant", LinearDiscriminantAnalysis(), 20),
)


def made(
    generator: np.random.Generator, images: int, numbers: int
) -> tuple[np.ndarray, np.ndarray]:
    """Make up labels, (images,), and what two models see, (2 models, images, numbers)."""
    labels = np.arange(images) % 2
    common, own = (generator.normal(size=(count, images, numbers)) for count in (1, 2))
    noise = np.sqrt(SHARED) * common + np.sqrt(1 - SHARED) * own
    return labels, noise + SIGNAL * (2 * labels - 1)[:, None]


def fold_accuracies(
    model: BaseEstimator, labels: np.ndarray, seen: np.ndarray, folds: int, repetitions: int
) -> np.ndarray:
    """Return the accuracy of both models on each fold, shape (2 models, repetitions × folds)."""
    found: list[list[float]] = [[], []]
    for repetition in range(repetitions):
        draws = StratifiedKFold(folds, shuffle=True, random_state=repetition)
        for train, test in draws.split(labels, labels):
            for of_model, numbers in zip(found, seen, strict=True):
                model.fit(numbers[train], labels[train])
                of_model.append(float((model.predict(numbers[test]) == labels[test]).mean()))
    return np.array(found)


def true_accuracy(kind: Kind, training_images: int) -> float:
    """Return the mean accuracy of models trained on so many images, on images without end."""
    generator = np.random.default_rng(1)
    labels, seen = made(generator, TRUTH_IMAGES, kind.numbers)
    right = []
    for _ in range(TRUTH_SETS):
        own_labels, own_seen = made(generator, training_images, kind.numbers)
        right.append((kind.model.fit(own_seen[0], own_labels).predict(seen[0]) == labels).mean())
    return float(np.mean(right))


def holds(bounds: list[float] | None, truth: float) -> bool:
    """Say whether an interval holds the truth; one of no width does only where it is the truth."""
    assert bounds is not None
    return bounds[0] <= truth <= bounds[1]


def rows(kind: Kind, images: int, experiments: int) -> Iterator[str]:
    """Yield a row of the table for each design."""
    for folds, looks in DESIGNS.items():
        truth = true_accuracy(kind, images - images // folds)
        generator = np.random.default_rng([folds, images])
        samples = []
        for _ in range(experiments):
            labels, seen = made(generator, images, kind.numbers)
            samples.append(fold_accuracies(kind.model, labels, seen, folds, max(looks)))
        for repetitions in looks:
            runs = repetitions * folds
            design = f"{kind.name} | {images} | {folds} × {repetitions}"
            yield row(design, 1 / (folds - 1), truth, np.array(samples)[:, :, :runs])


def row(design: str, overlap: float, truth: float, samples: np.ndarray) -> str:
    """Return a row: coverage of the accuracy, false differences and widths, corrected and naive."""
    cells = []
    for taken in (overlap, 0.0):
        covered, false, widths = [], [], []
        for one, other in samples:
            bounds = inference.t_interval(one, CONFIDENCE, taken)
            covered.append(holds(bounds, truth))
            found = inference.corrected_difference(one, other, taken)
            false.append(found.p_value < 1 - CONFIDENCE)
            low, high = found.interval(CONFIDENCE)
            widths.append(high - low)
        cells.append((np.mean(covered), np.mean(false), 100 * np.mean(widths)))
    (corrected, naive) = cells
    spread = 100 * (samples[:, 0].mean(axis=1) - samples[:, 1].mean(axis=1)).std()
    return (
        f"| {design} | {truth:.3f} | {corrected[0]:.3f} | {naive[0]:.3f} "
        f"| {corrected[1]:.3f} | {naive[1]:.3f} | {spread:.1f} | {corrected[2]:.1f} "
        f"| {naive[2]:.1f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--experiments", type=int, default=250)
    experiments = parser.parse_args().experiments
    start = time.process_time()
    print(
        "| models | images | folds × repetitions | true accuracy | coverage, corrected | naive "
        "| false, corrected | naive | spread | width, corrected | naive |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for kind, images in itertools.product(KINDS, IMAGES):
        for line in rows(kind, images, experiments):
            print(line, flush=True)
    print(f"\n{experiments:,} experiments a row, {time.process_time() - start:.0f} s of CPU time")


if __name__ == "__main__":
    main()
