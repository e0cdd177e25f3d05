"""What a comparison shows, in words that follow from its numbers by rule."""

from collections.abc import Mapping, Sequence
from typing import Any


def percent(value: float | None, digits: int = 1) -> str:
    """Return a share as per cent: ``0.9123`` as ``91.2 %``."""
    return "–" if value is None else f"{_number(value * 100, digits)} %"


def points(value: float, digits: int = 1) -> str:
    """Return a difference of shares in percentage points, with its sign and without a unit."""
    return f"{value * 100:+z.{digits}f}".replace("-", "−")


def nats(value: float) -> str:
    """Return a loss or a difference of losses in nats."""
    return _number(value, 3)


def interval(bounds: Sequence[float] | None, scale: float = 1, digits: int = 3) -> str:
    """Return an interval as ``0.912 to 0.918``; a dash where there is none."""
    if bounds is None:
        return "–"
    low, high = (_number(bound * scale, digits) for bound in bounds)
    return f"{low} to {high}"


def _number(value: float, digits: int) -> str:
    """Round, with a true minus sign, and none before a zero."""
    return f"{value:z.{digits}f}".replace("-", "−")


def answers(dataset: str, comparison: Mapping[str, Any]) -> list[str]:
    """Return the sentences that open the report for one data set, two for each comparison.

    The words are those of `comparison.verdict`; with fewer than three seeds nothing is claimed.
    """
    models = comparison["models"]
    seeds = len(comparison["seeds"])
    if not comparison["differences"]:
        (model,) = models
        mean = models[model]["metrics"]["accuracy"]["mean"]
        return [
            f"{dataset}: {model} reaches {percent(mean)} test accuracy; there is no other model."
        ]
    sentences = []
    for entry in comparison["differences"]:
        sentences.append(_accuracy(dataset, entry, models, seeds, comparison["confidence"]))
        sentences.append(_gap(dataset, entry, models))
    return sentences


def _accuracy(
    dataset: str,
    entry: Mapping[str, Any],
    models: Mapping[str, Any],
    seeds: int,
    confidence: float,
) -> str:
    model, reference = entry["model"], entry["reference"]
    ours, theirs = (models[name]["metrics"]["accuracy"]["mean"] for name in (model, reference))
    found = entry["accuracy"]
    claim = {
        "better": f"{model} is better than {reference}",
        "worse": f"{model} is worse than {reference}",
        "no difference shown": f"no difference between {model} and {reference} is shown",
        "too few seeds to say": f"too few seeds to say whether {model} or {reference} is better",
    }[found["verdict"]]
    text = (
        f"{dataset}: {claim}. Test accuracy {percent(ours, 2)} against {percent(theirs, 2)}, "
        f"a difference of {points(found['difference'], 2)} points"
    )
    if found["interval"]:
        low, high = (points(bound, 2) for bound in found["interval"])
        text += f" ({percent(confidence, 0)} interval {low} to {high})"
    return f"{text}, over {seeds} {'seed' if seeds == 1 else 'seeds'} each."


def _gap(dataset: str, entry: Mapping[str, Any], models: Mapping[str, Any]) -> str:
    model, reference = entry["model"], entry["reference"]
    ours, theirs = (models[name]["metrics"]["accuracy_gap"]["mean"] for name in (model, reference))
    found = entry["accuracy_gap"]
    claim = {
        "better": f"{model} narrowed the gap between training and test accuracy",
        "worse": f"{model} widened the gap between training and test accuracy",
        "no difference shown": "no change of the gap between training and test accuracy is shown",
        "too few seeds to say": "too few seeds to say what became of the gap between training and "
        "test accuracy",
    }[found["verdict"]]
    text = f"{dataset}: {claim}, {points(ours)} points against {points(theirs)}"
    if found["interval"]:
        low, high = (points(bound) for bound in found["interval"])
        text += f" (difference {points(found['difference'])}, interval {low} to {high})"
    return f"{text}."
