"""What a model's probabilities are worth on labelled images."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import sklearn.metrics


def summary(labels: np.ndarray, probabilities: np.ndarray) -> dict[str, float]:
    """Return accuracy, macro-F1 and log-loss.

    Parameters
    ----------
    labels
        Class indices, integers, shape (n,).
    probabilities
        Shape (n, classes); rows sum to one up to rounding.

    Returns
    -------
    dict
        ``images`` (a count), ``accuracy`` and ``macro_f1`` in [0, 1], ``log_loss`` in nats, all by
        scikit-learn.
    """
    predicted = probabilities.argmax(axis=1)
    classes = np.arange(probabilities.shape[1])
    exact = normalised(probabilities)
    return {
        "images": len(labels),
        "accuracy": float(sklearn.metrics.accuracy_score(labels, predicted)),
        "macro_f1": float(
            sklearn.metrics.f1_score(
                labels, predicted, labels=classes, average="macro", zero_division=0
            )
        ),
        "log_loss": float(sklearn.metrics.log_loss(labels, exact, labels=classes)),
    }


def normalised(probabilities: np.ndarray) -> np.ndarray:
    """Return probabilities as float64 with rows that sum to one to the last digit."""
    exact = probabilities.astype(np.float64)
    return exact / exact.sum(axis=1, keepdims=True)


def image_losses(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Return the cross-entropy of each image in nats, float64, shape (n,)."""
    right = normalised(probabilities)[np.arange(len(labels)), labels]
    return -np.log(np.maximum(right, np.finfo(np.float64).eps))


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
