"""The words on accuracy that a report may use, with all of its comparisons allowed for."""

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from swatchbook.comparison import inference


def judged(comparisons: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return comparisons with their verdicts on accuracy as those of one report.

    Each difference of accuracy gets ``holm_p_value`` (``None`` for a single seed),
    ``holm_comparisons`` (how many p-values that allows for: all of the report's differences of
    accuracy) and the ``verdict`` that follows from them by `inference.verdict`. Those of a
    sequential design have allowed for all comparisons from the beginning: they keep their verdict.
    ``cross_validation`` is ``None`` where a data set has one test set.

    Parameters
    ----------
    comparisons
        The content of ``comparison.json`` of each data set.
    """
    result = [
        {"cross_validation": None} | copy.deepcopy(dict(comparison)) for comparison in comparisons
    ]
    found = [
        (comparison, entry["accuracy"])
        for comparison in result
        for entry in comparison["differences"]
    ]
    adjusted = inference.holm([accuracy["p_value"] for _, accuracy in found])
    for (comparison, accuracy), p_value in zip(found, adjusted, strict=True):
        accuracy["holm_p_value"] = p_value
        accuracy["holm_comparisons"] = sum(value is not None for value in adjusted)
        if comparison["design"]:
            continue
        accuracy["verdict"] = inference.verdict(
            accuracy["difference"], p_value, len(comparison["seeds"]), comparison["confidence"]
        )
    return result
