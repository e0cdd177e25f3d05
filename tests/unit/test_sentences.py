"""What the report claims is what the verdict says, and no more."""

from typing import Any

import pytest

from swatchbook.sentences import answers, interval, percent, points


def comparison(
    accuracy: str, gap: str, *, seeds: int = 3, bounds: tuple[float, float] | None = (-0.01, 0.002)
) -> dict[str, Any]:
    """One model with these verdicts against one reference."""
    means = {"baseline": (0.912, 0.06), "dropout": (0.908, -0.004)}
    found = {"difference": -0.004, "interval": list(bounds) if bounds else None}
    gaps = {"difference": -0.064, "interval": [-0.07, -0.058] if bounds else None}
    return {
        "seeds": list(range(seeds)),
        "confidence": 0.95,
        "models": {
            name: {"metrics": {"accuracy": {"mean": mean}, "accuracy_gap": {"mean": gap_mean}}}
            for name, (mean, gap_mean) in means.items()
        },
        "differences": [
            {
                "model": "dropout",
                "reference": "baseline",
                "accuracy": found | {"verdict": accuracy},
                "accuracy_gap": gaps | {"verdict": gap},
            }
        ],
    }


NONE = "no difference shown"
TOO_FEW = "too few seeds to say"


@pytest.mark.parametrize(
    ("verdict", "claim"),
    [
        ("better", "dropout is better than baseline."),
        ("worse", "dropout is worse than baseline."),
        (NONE, "no difference between dropout and baseline is shown."),
        (TOO_FEW, "too few seeds to say whether dropout or baseline is better."),
    ],
)
def test_the_sentence_on_accuracy_says_the_verdict(verdict: str, claim: str) -> None:
    sentence, _ = answers("Made up", comparison(verdict, NONE))
    assert sentence == (
        f"Made up: {claim} Test accuracy 90.80 % against 91.20 %, a difference of −0.40 points "
        "(95 % interval −1.00 to +0.20), over 3 seeds each."
    )


@pytest.mark.parametrize(
    ("verdict", "claim"),
    [
        ("better", "ropout narrowed the gap between training and test accuracy"),
        ("worse", "ropout widened the gap between training and test accuracy"),
        (NONE, "o change of the gap between training and test accuracy is shown"),
        (TOO_FEW, "oo few seeds to say what became of the gap"),
    ],
)
def test_the_sentence_on_the_gap_says_the_verdict(verdict: str, claim: str) -> None:
    _, sentence = answers("Made up", comparison(NONE, verdict))
    assert claim in sentence
    assert "−0.4 points against +6.0" in sentence
    assert "difference −6.4, interval −7.0 to −5.8" in sentence


@pytest.mark.parametrize("seeds", [1, 2])
def test_too_few_seeds_make_no_claim(seeds: int) -> None:
    given = comparison(TOO_FEW, TOO_FEW, seeds=seeds, bounds=None)
    sentences = answers("Made up", given)
    assert all("too few seeds to say" in sentence.lower() for sentence in sentences)
    assert not any("interval" in sentence for sentence in sentences)
    assert f"over {seeds} {'seed' if seeds == 1 else 'seeds'} each." in sentences[0]
    for claim in ("is better than", "is worse than", "narrowed", "widened"):
        assert not any(claim in sentence for sentence in sentences)


def test_a_single_model_is_told_without_a_comparison() -> None:
    given = comparison(NONE, NONE) | {"differences": []}
    given["models"] = {"baseline": given["models"]["baseline"]}
    (sentence,) = answers("Made up", given)
    assert sentence == "Made up: baseline reaches 91.2 % test accuracy; there is no other model."


def test_every_other_model_has_two_sentences() -> None:
    given = comparison("better", NONE)
    given["models"]["third"] = given["models"]["dropout"]
    given["differences"].append(given["differences"][0] | {"model": "third"})
    sentences = answers("Made up", given)
    assert len(sentences) == 4
    assert sentences[2].startswith("Made up: third is better than baseline")


def test_numbers_have_a_true_minus_sign() -> None:
    assert points(-0.0123) == "−1.2"
    assert points(0.0123, 2) == "+1.23"
    assert percent(-0.0123) == "−1.2 %"
    assert interval([-0.2, 0.1]) == "−0.200 to 0.100"


def test_what_rounds_to_zero_has_no_minus_sign() -> None:
    assert points(-0.0001) == "+0.0"
    assert percent(-0.0001) == "0.0 %"
    assert interval([-0.0001, 0.0001]) == "0.000 to 0.000"


def test_what_is_not_there_is_a_dash() -> None:
    assert percent(None) == "–"
    assert interval(None) == "–"


def test_an_interval_can_be_scaled_to_per_cent() -> None:
    assert interval([0.912, 0.9184], 100, 1) == "91.2 to 91.8"
