"""Prediction sets: so many classes that the right one is among them as often as is asked for.

Split conformal prediction (V. Vovk, A. Gammerman, G. Shafer, 2005, Algorithmic learning in a random
world; A. N. Angelopoulos, S. Bates, 2023, Conformal prediction: a gentle introduction, Foundations
and Trends in Machine Learning 16, 494-591). A score says how strange a class is for an image. The
set of an image are all classes whose score is at most the k-th smallest score of the right classes
of n other images, with k = ⌈(n + 1) coverage⌉. If all images are exchangeable, the right class is
in the set with at least that probability, whatever the model; where scores are equal, with more.
"""

import math
from collections.abc import Callable, Mapping

import numpy as np
from scipy import stats


def lac(probabilities: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """Return one minus the probability of each class.

    The sets are the smallest ones on average; those of hard images may be empty (M. Sadinle, J.
    Lei, L. Wasserman, 2019, Least ambiguous set-valued classifiers with bounded error levels,
    Journal of the American Statistical Association 114, 223-234).

    Parameters
    ----------
    probabilities
        Shape (n, classes).
    chance
        Numbers in [0, 1], shape (n,), that this score does not need.
    """
    return 1 - probabilities


def aps(probabilities: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """Return what all more probable classes have together, and a random part of the class's own.

    Adaptive prediction sets, whose size follows how hard an image is (Y. Romano, M. Sesia, E. J.
    Candès, 2020, Classification with valid and adaptive coverage, NeurIPS, section 2). Of equally
    probable classes the first counts as the more probable one.
    """
    order = np.argsort(-probabilities, axis=1, kind="stable")
    ordered = np.take_along_axis(probabilities, order, axis=1)
    before = np.cumsum(ordered, axis=1) - ordered
    scores = np.empty_like(probabilities)
    np.put_along_axis(scores, order, before + chance[:, None] * ordered, axis=1)
    return scores


SCORES: Mapping[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {"LAC": lac, "APS": aps}


def rank(images: int, coverage: float) -> int:
    """Return which smallest score of so many images is the limit; more than `images` is none."""
    return math.ceil(round((images + 1) * coverage, 9))  # 10 × 0.7 is a little more than 7


def fewest(coverage: float) -> int:
    """Return the least number of images that a limit can be found from."""
    images = 1
    while rank(images, coverage) > images:
        images += 1
    return images


def limit(scores: np.ndarray, coverage: float) -> float:
    """Return the limit that scores of right classes, shape (n,), set; infinite if n is small."""
    place = rank(len(scores), coverage)
    if place > len(scores):
        return math.inf
    return float(np.partition(scores, place - 1)[place - 1])


def sets(
    score: str,
    calibration: np.ndarray,
    labels: np.ndarray,
    probabilities: np.ndarray,
    coverage: float,
    seed: int,
) -> np.ndarray:
    """Return which classes are in each image's set, bool, shape (images, classes).

    Parameters
    ----------
    score
        One of `SCORES`.
    calibration
        Probabilities of images that the model was not trained on, shape (n, classes).
    labels
        Their class indices, shape (n,).
    probabilities
        Of the images that sets are made for, shape (images, classes).
    coverage
        More than 0, less than 1.
    seed
        Of the random numbers of `aps`.
    """
    generator = np.random.default_rng(seed)
    known, asked = (
        SCORES[score](values.astype(np.float64), generator.random(len(values)))
        for values in (calibration, probabilities)
    )
    return asked <= limit(known[np.arange(len(labels)), labels], coverage)


def expected(calibration: int, images: int, coverage: float, confidence: float) -> list[float]:
    """Return between which shares the coverage of one run on so many images probably lies.

    The number of images whose set has the right class is beta-binomial if all are exchangeable and
    no scores are equal (Angelopoulos and Bates, 2023, section 3.2 and appendix C).
    """
    place = rank(calibration, coverage)
    if place > calibration:
        return [1.0, 1.0]
    counted = stats.betabinom(images, place, calibration + 1 - place)
    return [float(count) / images for count in counted.interval(confidence)]
