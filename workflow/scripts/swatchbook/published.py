"""What others have published: the tutorial's printed run, and figures to place one's own beside.

Facts to compare with, never targets. They stand in two small tables of the workflow.
"""

from pathlib import Path

import pandas as pd

TUTORIAL_DATASET = "fashion-mnist"


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
