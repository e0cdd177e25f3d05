"""Labels that look wrong to confident learning, beside our own suspects."""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import cohen_kappa_score

from swatchbook.comparison import stored_predictions
from swatchbook.data import arrays
from swatchbook.figures import failures
from swatchbook.files import replacing, write_json

logger = logging.getLogger(__name__)

BOTH, OURS, THEIRS = "both", "only ours", "only cleanlab"


def compare_label_errors(
    results: str | Path,
    models: Sequence[str],
    seeds: Sequence[int],
    classes: Sequence[str],
    output: str | Path,
) -> None:
    """Write ``summary.json``, ``issues.csv`` and the figure ``label_errors``.

    Ours are the rows of ``checks/label_suspects.csv``, which all runs contradict. Those of
    confident learning (C. Northcutt, L. Jiang, I. Chuang, 2021, Confident learning: estimating
    uncertainty in dataset labels, Journal of Artificial Intelligence Research 70, 1373-1411) are
    cleanlab's ``find_label_issues`` as it is, given the test labels and the mean of the
    probabilities over models and seeds. ``issues.csv`` has a row an image that either finds:
    ``row``, ``id``, ``label``, ``called`` (by that mean), ``found_by``, and ``quality``, cleanlab's
    score of the label: the lower, the more doubtful.

    Parameters
    ----------
    results
        The data set's folder with ``arrays/``, ``checks/label_suspects.csv`` and evaluated runs.
    models, seeds
        Which runs there are.
    classes
        The class names.
    output
        The folder to write into.
    """
    results, output = Path(results), Path(output)
    x, y = arrays.load(results / "arrays", "test", mapped=True)
    labels = y.argmax(axis=1)
    probabilities = stored_predictions.read(results, models, seeds)
    mean = np.concatenate(list(probabilities.values())).mean(axis=0, dtype=np.float64)
    theirs, quality = confident_learning(labels, mean)
    suspects = pd.read_csv(results / "checks" / "label_suspects.csv", keep_default_na=False)
    ours = np.zeros(len(labels), bool)
    ours[suspects["row"].to_numpy(int)] = True
    found = np.flatnonzero(ours | theirs)
    issues = arrays.read_index(results / "arrays", "test").iloc[found]
    called = mean.argmax(axis=1)
    issues = issues.assign(
        called=[classes[number] for number in called[found]],
        found_by=np.select([ours & theirs, ours], [BOTH, OURS], THEIRS)[found],
        quality=quality[found].round(4),
    ).sort_values(["quality", "row"], ignore_index=True)
    with replacing(output / "issues.csv") as path:
        issues.to_csv(path, index=False, lineterminator="\n")
    write_json(
        output / "summary.json",
        {
            "images": len(labels),
            "models": list(models),
            "seeds": list(seeds),
            "mistaken": int((called != labels).sum()),
            **agreement(ours, theirs),
        },
    )
    failures.draw_label_errors(issues[issues["found_by"] != BOTH], x, output)


def confident_learning(
    labels: np.ndarray, probabilities: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return which labels cleanlab takes for wrong, bool, and the quality of each, in [0, 1].

    Parameters
    ----------
    labels
        Class indices, shape (n,).
    probabilities
        Of models that were not trained on these images, shape (n, classes).
    """
    from cleanlab import filter as cleanlab_filter
    from cleanlab import rank as cleanlab_rank

    exact = probabilities / probabilities.sum(axis=1, keepdims=True)
    quality = cleanlab_rank.get_label_quality_scores(labels, exact)
    if len(np.unique(labels)) < 2:  # it refuses a single class: there is nothing to confuse it with
        return np.zeros(len(labels), bool), quality
    return cleanlab_filter.find_label_issues(labels, exact, n_jobs=1), quality


def agreement(ours: np.ndarray, theirs: np.ndarray) -> dict[str, float | int | None]:
    """Return how far two ways of finding images agree.

    Parameters
    ----------
    ours, theirs
        Whether each finds an image, bool, shape (n,).

    Returns
    -------
    dict
        ``both``, ``only_ours``, ``only_theirs``, ``neither``: images; ``jaccard``: both by either,
        ``None`` where neither finds any; ``kappa``: J. Cohen's (1960, A coefficient of agreement
        for nominal scales, Educational and Psychological Measurement 20, 37-46), by scikit-learn,
        ``None`` where it is not defined, since both find all or none.
    """
    both, either = int((ours & theirs).sum()), int((ours | theirs).sum())
    varies = not (ours.all() and theirs.all()) and either > 0
    return {
        "both": both,
        "only_ours": int((ours & ~theirs).sum()),
        "only_theirs": int((theirs & ~ours).sum()),
        "neither": len(ours) - either,
        "jaccard": both / either if either else None,
        "kappa": float(cohen_kappa_score(ours, theirs)) if varies else None,
    }
