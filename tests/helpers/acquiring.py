"""What the tests of sources share: a data set in Kaggle's shape."""

from collections.abc import Callable

Acquire = Callable[..., dict]


def kaggle_set(*sources: dict) -> dict:
    """Return a data set of two files that Kaggle has, then `sources`."""
    return {
        "files": {"train.7z": {}, "trainLabels.csv": {}},
        "sources": [{"kind": "kaggle", "competition": "cifar-10"}, *sources],
        "classes": ["airplane", "automobile"],
        "content": {"labels": "…"},
    }
