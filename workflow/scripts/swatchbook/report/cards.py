"""What the first screen says of one data set: its card."""

from collections.abc import Mapping, Sequence
from typing import Any

from swatchbook.comparison import per_class
from swatchbook.report import headlines, marks, sentences
from swatchbook.report.datasets import DataSet

SHOWN = 6  # differences and models on a card; the overview has all of them


def of_dataset(of: DataSet) -> dict[str, Any]:
    """Gather a data set's card: the verdict, its marks, accuracies, seeds and time."""
    comparison = of.comparison
    design = comparison["design"]
    rows = [_difference(entry, design) for entry in comparison["differences"]]
    shown = _extremes(sorted(rows, key=lambda row: -row["difference"]))
    runs = of.runs()
    return {
        "sentences": headlines.verdict(comparison, of.made),
        "quality": headlines.quality(comparison, _recalls(of), _guessing(of)),
        "forest": marks.forest(shown, design and design["margin"]) if shown else None,
        "more": len(rows) - len(shown),
        "reference": comparison["reference"],
        "models": _models(of, [row["model"] for row in shown]),
        "seeds": sentences.trainings(comparison),
        "images": comparison["test_images"],
        "seconds": sum(entry["run"]["seconds"] for entry in runs),
        "trainings": len(runs),
        "answers": sentences.answers(of.spec["title"], comparison, of.made),
    }


def _recalls(of: DataSet) -> dict[str, tuple[float, Sequence[float] | None]]:
    """Return the most accurate model's recall of each class with test images, and its interval."""
    model = headlines.most_accurate(of.comparison)
    if of.comparison["cross_validation"]:
        rows = of.comparison["models"][model]["classes"]
        names = of.spec["classes"]
        tested = [(name, row) for name, row in zip(names, rows, strict=False) if row["support"]]
        return {name: (row["recall"], None) for name, row in tested}
    rates = per_class.read(of.folder / "per_class.csv")
    rates = rates[(rates["model"] == model) & rates["recall"].notna()]
    return {
        row["class"]: (row["recall"], [row["recall_low"], row["recall_high"]])
        for row in rates.to_dict("records")
    }


def _guessing(of: DataSet) -> float:
    """Return the share of the test images that are of the largest class."""
    counts = of.checks["found"]["balance"]["test"]["class_counts"].values()
    return float(max(counts) / sum(counts))


def _difference(entry: Mapping[str, Any], design: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what is drawn of a comparison: of a sequential one the look that decided."""
    found = sentences.decisive(entry) if design else entry["accuracy"]
    return {
        "model": entry["model"],
        "reference": entry["reference"],
        "difference": found["difference"],
        "interval": found["interval"],
        "verdict": entry["accuracy"]["verdict"],
    }


def _extremes(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the first and the last where there are more than a card can show."""
    if len(rows) <= SHOWN:
        return list(rows)
    return [*rows[: SHOWN // 2], *rows[-SHOWN // 2 :]]


def _models(of: DataSet, compared: Sequence[str]) -> list[dict[str, Any]]:
    """Return the accuracies of the models that the card shows, the best first."""
    found = of.comparison["models"]
    names = {of.comparison["reference"], *compared}
    rows = [
        {"model": name, **found[name]["metrics"]["accuracy"]} for name in found if name in names
    ]
    return sorted(rows, key=lambda row: -row["mean"])
