"""The words of a report allow for all of its comparisons."""

import copy
from typing import Any

import pytest

from swatchbook.report import verdicts


def found(p_values: list[float | None], size: float = 0.01, seeds: int = 3) -> dict[str, Any]:
    """A comparison with as many differences of accuracy."""
    return {
        "seeds": list(range(seeds)),
        "confidence": 0.95,
        "design": None,
        "differences": [
            {"model": str(n), "accuracy": {"difference": size, "p_value": p, "verdict": "?"}}
            for n, p in enumerate(p_values)
        ],
    }


def test_what_a_sequential_design_has_decided_stays() -> None:
    given = found([None, None]) | {"design": {"looks": [3, 5], "margin": 1.5, "comparisons": 2}}
    for entry, verdict in zip(given["differences"], ("worse", "equivalent"), strict=True):
        entry["accuracy"]["verdict"] = verdict
    (judged,) = verdicts.judged([given])
    assert [e["accuracy"]["verdict"] for e in judged["differences"]] == ["worse", "equivalent"]
    assert [e["accuracy"]["holm_p_value"] for e in judged["differences"]] == [None, None]


def test_all_comparisons_of_a_report_are_allowed_for_together() -> None:
    given = [found([0.04]), found([0.001, 0.3], size=-0.02)]
    before = copy.deepcopy(given)
    (first,), (second, third) = (
        [e["accuracy"] for e in c["differences"]] for c in verdicts.judged(given)
    )
    assert [one["holm_p_value"] for one in (first, second, third)] == [
        pytest.approx(p) for p in (0.08, 0.003, 0.3)
    ]
    assert {one["holm_comparisons"] for one in (first, second, third)} == {3}
    assert first["verdict"] == third["verdict"] == "no difference shown"
    assert second["verdict"] == "worse"
    assert given == before


def test_a_report_of_one_comparison_judges_as_the_comparison_does() -> None:
    assert verdicts.judged([found([0.04])])[0]["differences"][0]["accuracy"]["verdict"] == "better"
    (few,) = verdicts.judged([found([0.04], seeds=2)])
    assert few["differences"][0]["accuracy"]["verdict"] == "too few seeds to say"
    (one,) = verdicts.judged([found([None, None], seeds=1)])
    accuracies = [entry["accuracy"] for entry in one["differences"]]
    assert [accuracy["holm_p_value"] for accuracy in accuracies] == [None, None]
    assert [accuracy["holm_comparisons"] for accuracy in accuracies] == [0, 0]
