"""What others have published: the tutorial's printed run, and figures to place one's own beside.

Facts to compare with, never targets. They stand in two small tables of the workflow.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

TUTORIAL_DATASET = "fashion-mnist"
PRINTED_ROUNDING = 5e-6  # half of the last digit that the tutorial printed of an accuracy


def tutorial_run(folder: str | Path, dataset: str, epochs: int) -> pd.DataFrame | None:
    """Return what the tutorial printed, epoch by epoch; ``None`` for another data set.

    Of its two editions it is the shortest that is as long as `epochs`, or the longest.

    Parameters
    ----------
    folder
        Where ``tutorial_log.csv`` is.
    dataset
        A data set's name.
    epochs
        How many epochs are to be compared.

    Returns
    -------
    pandas.DataFrame
        At most `epochs` rows with the columns edition, epoch, last_batch_loss,
        last_batch_accuracy and test_accuracy.
    """
    if dataset != TUTORIAL_DATASET:
        return None
    table = pd.read_csv(Path(folder) / "tutorial_log.csv")
    lengths = table.groupby("edition")["epoch"].max().sort_values()
    long_enough = lengths[lengths >= epochs]
    edition = long_enough.index[0] if len(long_enough) else lengths.index[-1]
    run = table[(table["edition"] == edition) & (table["epoch"] <= epochs)]
    return run.reset_index(drop=True)


def beside_tutorial(
    histories: Mapping[str, Sequence[pd.DataFrame]], folder: str | Path, dataset: str
) -> dict[str, Any] | None:
    """Return in how many epochs the tutorial's figures lie within the seeds' range.

    Parameters
    ----------
    histories
        ``history.csv`` of each seed of each model.
    folder
        Where the tutorial's printed figures are.
    dataset
        The data set's name.
    """
    tables = {
        model: table
        for model, of_seeds in histories.items()
        if (table := tutorial_table(of_seeds, folder, dataset)) is not None
    }
    if not tables:
        return None
    first = next(iter(tables.values()))
    return {
        "edition": str(first["edition"].iloc[0]),
        "epochs": int(first["epoch"].nunique()),
        "models": {
            model: {
                str(metric): int(count)
                for metric, count in table.groupby("metric", sort=False)["inside"].sum().items()
            }
            for model, table in tables.items()
        },
    }


def tutorial_table(
    histories: Sequence[pd.DataFrame], folder: str | Path, dataset: str
) -> pd.DataFrame | None:
    """Return the seeds of one model beside what the tutorial printed, epoch by epoch.

    Returns
    -------
    pandas.DataFrame or None
        The columns edition, metric, epoch, printed, mean, least, greatest (of the seeds) and inside
        (whether what was printed lies from least to greatest, but for its rounding). ``None``
        where there is nothing to compare.
    """
    printed = tutorial_run(folder, dataset, min(map(len, histories)))
    if printed is None or any(history["test_accuracy"].isna().any() for history in histories):
        return None
    tables = []
    for metric in ("test_accuracy", "last_batch_loss", "last_batch_accuracy"):
        values = np.array([history[metric].iloc[: len(printed)] for history in histories])
        table = pd.DataFrame(
            {
                "edition": printed["edition"],
                "metric": metric,
                "epoch": printed["epoch"],
                "printed": printed[metric],
                "mean": values.mean(axis=0),
                "least": values.min(axis=0),
                "greatest": values.max(axis=0),
            }
        )
        inside = table["printed"].between(
            table["least"] - PRINTED_ROUNDING, table["greatest"] + PRINTED_ROUNDING
        )
        tables.append(table.assign(inside=inside))
    return pd.concat(tables, ignore_index=True)


def results(folder: str | Path, dataset: str) -> list[dict[str, object]]:
    """Return published test accuracies on a data set: what, accuracy, source and protocol of each.

    Parameters
    ----------
    folder
        Where ``results.csv`` is.
    dataset
        A data set's name.
    """
    table = pd.read_csv(Path(folder) / "results.csv")
    chosen = table[table["dataset"] == dataset].sort_values("accuracy", kind="stable")
    return chosen.drop(columns="dataset").to_dict("records")
