"""What a model's probabilities are worth on labelled images.

A metric is a function of labels and probabilities and a line in `METRICS`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import sklearn.metrics
from scipy import optimize, special

UNBALANCED = 1.5  # times as many images in the largest class as in the smallest
BINS = 15  # as in Guo et al. (2017)
TEMPERATURES = (0.01, 100.0)  # where the best one is looked for
SMALLEST = float(np.finfo(np.float32).tiny)  # stands for a probability that rounded to zero


def accuracy(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the share of images whose most probable class is the right one, by scikit-learn."""
    return float(sklearn.metrics.accuracy_score(labels, probabilities.argmax(axis=1)))


def balanced_accuracy(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the mean over classes of the share of its images called right, by scikit-learn.

    Classes without images do not count.
    """
    predicted = probabilities.argmax(axis=1)
    recalls = sklearn.metrics.recall_score(
        labels, predicted, labels=np.unique(labels), average="macro", zero_division=0
    )
    return float(recalls)


def roc_area(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the area under the receiver operating characteristic of the second of two classes."""
    return float(sklearn.metrics.roc_auc_score(labels, probabilities[:, 1]))


def average_precision(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the average precision of the second of two classes, by scikit-learn.

    It sums up the curve of precision over recall without interpolation.
    """
    return float(sklearn.metrics.average_precision_score(labels, probabilities[:, 1]))


def macro_f1(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the mean of the classes' F1, 0 for one without images, by scikit-learn."""
    return float(
        sklearn.metrics.f1_score(
            labels,
            probabilities.argmax(axis=1),
            labels=np.arange(probabilities.shape[1]),
            average="macro",
            zero_division=0,
        )
    )


def log_loss(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the mean of minus the logarithm of the right class's probability in nats.

    Computed by scikit-learn from probabilities whose rows sum to one.
    """
    classes = np.arange(probabilities.shape[1])
    return float(sklearn.metrics.log_loss(labels, probabilities, labels=classes))


def brier_score(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the multi-class Brier score: 0 at best, 2 at worst.

    The mean over images of the squared differences between probabilities and one-hot labels, summed
    over all classes and not halved (G. W. Brier, 1950, Verification of forecasts expressed in terms
    of probability, Monthly Weather Review 78, 1-3); computed by scikit-learn.
    """
    return float(
        sklearn.metrics.brier_score_loss(
            labels,
            normalised(probabilities),
            labels=np.arange(probabilities.shape[1]),
            scale_by_half=False,
        )
    )


def calibration_error(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the expected calibration error (ECE), in [0, 1].

    The mean distance between confidence and accuracy of the bins of `reliability`, each weighted by
    its share of the images (M. P. Naeini, G. F. Cooper and M. Hauskrecht, 2015, Obtaining well
    calibrated probabilities using Bayesian binning, AAAI; Guo et al., 2017, equation 3).
    """
    table = reliability(labels, probabilities)
    distances = (table["confidence"] - table["accuracy"]).abs()
    return float((distances * table["count"]).sum() / table["count"].sum())


def always(labels: np.ndarray, classes: int) -> bool:
    return True


def where_unbalanced(labels: np.ndarray, classes: int) -> bool:
    """Say whether a class has so many more images than another that accuracy hides the latter."""
    counts = np.bincount(labels, minlength=classes)
    return bool(counts.max() > UNBALANCED * counts.min())


def where_two_classes(labels: np.ndarray, classes: int) -> bool:
    """Say whether there are two classes, with images of both."""
    return classes == 2 and len(np.unique(labels)) == 2


@dataclass(frozen=True)
class Metric:
    """A number that sums up the probabilities of a set of images, and how the page shows it.

    Attributes
    ----------
    measure
        What computes it from class indices, integers, shape (n,), and probabilities, float64, shape
        (n, classes), whose rows sum to one.
    title
        What heads its column.
    term
        The entry of the page's ``terms.yaml`` that explains it, if there is one.
    is_share
        Whether the page shows it as per cent.
    higher_is_better
        Whether more of it is in a model's favour.
    is_scaled
        Whether temperature scaling, which changes no prediction, may change it. If so, it is
        measured after it too.
    is_pooled
        Whether a cross-validation measures it on all images of a repetition together, and not as
        the mean over folds: it is no mean over images, and says little of the few of a fold.
    where
        Whether it says something of images of these labels (class indices) and this number of
        classes that the others do not; else it is left out.
    """

    measure: Callable[[np.ndarray, np.ndarray], float]
    title: str
    term: str | None = None
    is_share: bool = False
    higher_is_better: bool = True
    is_scaled: bool = False
    is_pooled: bool = False
    where: Callable[[np.ndarray, int], bool] = always


# In the order of files and columns. Accuracy is the first: published ones stand in its column.
METRICS: Mapping[str, Metric] = {
    "accuracy": Metric(accuracy, "test accuracy", "accuracy", is_share=True),
    "balanced_accuracy": Metric(
        balanced_accuracy,
        "balanced accuracy",
        "balanced_accuracy",
        is_share=True,
        is_pooled=True,
        where=where_unbalanced,
    ),
    "macro_f1": Metric(macro_f1, "macro-F1", "macro_f1", is_share=True, is_pooled=True),
    "roc_area": Metric(roc_area, "ROC area", "roc_area", where=where_two_classes),
    "average_precision": Metric(
        average_precision, "average precision", "average_precision", where=where_two_classes
    ),
    "log_loss": Metric(log_loss, "log-loss", "log_loss", higher_is_better=False, is_scaled=True),
    "brier": Metric(brier_score, "Brier score", "brier", higher_is_better=False, is_scaled=True),
    "ece": Metric(
        calibration_error, "ECE", "ece", higher_is_better=False, is_scaled=True, is_pooled=True
    ),
}


def summary(labels: np.ndarray, probabilities: np.ndarray) -> dict[str, float]:
    """Return the metrics of `METRICS`.

    Parameters
    ----------
    labels
        Class indices, integers, shape (n,).
    probabilities
        Shape (n, classes); rows sum to one up to rounding.

    Returns
    -------
    dict
        ``images`` (a count), then a float for each metric that is `where` it says something, by
        its name.
    """
    exact = normalised(probabilities)
    measured = {
        name: float(metric.measure(labels, exact))
        for name, metric in METRICS.items()
        if metric.where(labels, probabilities.shape[1])
    }
    return {"images": len(labels), **measured}


def normalised(probabilities: np.ndarray) -> np.ndarray:
    """Return probabilities as float64 with rows that sum to one to the last digit."""
    exact = probabilities.astype(np.float64)
    return exact / exact.sum(axis=1, keepdims=True)


def image_losses(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Return the cross-entropy of each image in nats, float64, shape (n,)."""
    right = normalised(probabilities)[np.arange(len(labels)), labels]
    return -np.log(np.maximum(right, np.finfo(np.float64).eps))


def reliability(labels: np.ndarray, probabilities: np.ndarray) -> pd.DataFrame:
    """Return how often the predicted class is right, by how sure the model was of it.

    The confidence of an image is the probability of its predicted class. Bins are 15 of equal
    width, without their lower edge and with their upper one (C. Guo, G. Pleiss, Y. Sun and K. Q.
    Weinberger, 2017, On calibration of modern neural networks, ICML, section 2).

    Returns
    -------
    pandas.DataFrame
        A row a bin: ``from`` and ``to`` (its edges), ``count`` (of images), ``confidence`` and
        ``accuracy`` (their means, NaN in an empty bin).
    """
    exact = normalised(probabilities)
    confidence = exact.max(axis=1)
    right = exact.argmax(axis=1) == labels
    edges = np.arange(BINS + 1) / BINS
    places = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, BINS - 1)
    counts = np.bincount(places, minlength=BINS)
    sums = (np.bincount(places, weights=values, minlength=BINS) for values in (confidence, right))
    means = [np.divide(s, counts, out=np.full(BINS, np.nan), where=counts > 0) for s in sums]
    return pd.DataFrame(
        {
            "from": edges[:-1],
            "to": edges[1:],
            "count": counts,
            "confidence": means[0],
            "accuracy": means[1],
        }
    )


def best_temperature(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the temperature that makes the log-loss of these images least.

    Fitted on the validation set, this is temperature scaling (Guo et al., 2017, section 4.2). Above
    one the model was too sure of itself, below one not sure enough; 1 if no other is better.

    Parameters
    ----------
    labels
        Class indices, integers, shape (n,), n > 0.
    probabilities
        Shape (n, classes).
    """

    def loss(log_temperature: float) -> float:
        tempered = with_temperature(probabilities, float(np.exp(log_temperature)))
        return float(image_losses(labels, tempered).mean())

    bounds = tuple(np.log(TEMPERATURES))
    found = optimize.minimize_scalar(loss, bounds=bounds, method="bounded")
    return float(np.exp(found.x)) if found.fun < loss(0.0) else 1.0


def with_temperature(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Return softmax(log p / T), float64, shape (n, classes).

    The same as dividing the logits by T before the softmax, since log p is the logits less one
    number an image. The predicted class stays.
    """
    logits = np.log(np.maximum(normalised(probabilities), SMALLEST)) / temperature
    return special.softmax(logits, axis=1)


def classification_report(
    labels: np.ndarray, predicted: np.ndarray, classes: Sequence[str]
) -> pd.DataFrame:
    """Return scikit-learn's classification report as a table.

    Returns
    -------
    pandas.DataFrame
        Indexed by class name and the averages, with precision, recall, f1-score and support.
    """
    report: dict[str, Any] = sklearn.metrics.classification_report(
        labels,
        predicted,
        labels=np.arange(len(classes)),
        output_dict=True,
        zero_division=0,
    )
    accuracy = report.pop("accuracy", None)
    table = pd.DataFrame(report).T
    if accuracy is not None:
        table.loc["accuracy"] = [np.nan, np.nan, accuracy, float(len(labels))]
    table["support"] = table["support"].astype(int)
    # By place, since a class may have the name of an average.
    table.index = pd.Index([*classes, *table.index[len(classes) :]])
    return table.rename_axis("class")


def confusion_matrix(
    labels: np.ndarray, predicted: np.ndarray, classes: Sequence[str]
) -> pd.DataFrame:
    """Return the counts of true classes (rows) called predicted classes (columns)."""
    counts = sklearn.metrics.confusion_matrix(labels, predicted, labels=np.arange(len(classes)))
    return pd.DataFrame(counts, index=pd.Index(classes, name="class"), columns=list(classes))
