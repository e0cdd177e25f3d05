"""What the report claims is what the verdict says, and no more."""

from typing import Any

import pytest

from swatchbook.report.sentences import (
    answers,
    brief,
    how_trainings_begin,
    how_trainings_end,
    interval,
    p_value,
    percent,
    points,
)


def comparison(
    accuracy: str,
    gap: str,
    *,
    seeds: int = 3,
    bounds: tuple[float, float] | None = (-0.01, 0.002),
    p_value: float | None = 0.08,
    holm: tuple[int, float | None] = (1, 0.08),
) -> dict[str, Any]:
    """One model with these verdicts against one reference."""
    means = {"baseline": (0.912, 0.06), "dropout": (0.908, -0.004)}
    found = {
        "difference": -0.004,
        "interval": list(bounds) if bounds else None,
        "p_value": p_value,
        "holm_comparisons": holm[0],
        "holm_p_value": holm[1],
        "smallest_detectable": 0.0085,
    }
    gaps = {"difference": -0.064, "interval": [-0.07, -0.058] if bounds else None}
    return {
        "seeds": list(range(seeds)),
        "confidence": 0.95,
        "design": None,
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
                "mcnemar": [{"seed": 0, "only_model": 12, "only_reference": 30, "p_value": 0.0081}],
            }
        ],
    }


def changes(**verdicts: tuple[str, float]) -> dict[str, Any]:
    """A base and changes of it, each with its verdict and difference."""
    given = comparison(NONE, NONE)
    (entry,) = given["differences"]
    given["reference"] = "baseline"
    given["differences"] = [
        entry
        | {
            "model": f"baseline-{name}",
            "accuracy": entry["accuracy"] | {"verdict": verdict, "difference": difference},
        }
        for name, (verdict, difference) in verdicts.items()
    ]
    return given


def test_all_changes_of_a_base_are_told_at_once() -> None:
    given = changes(a=(NONE, 0.001), b=("worse", -0.02), c=("better", 0.01), d=("worse", -0.5))
    made = {f"baseline-{name}" for name in "abcd"}
    (answer,) = answers("Images", given, made)
    assert answer.claim == (
        "Images: of the 4 changes of baseline, 1 is shown to be better, 2 are shown to be worse, "
        "1 is not told apart from it."
    )
    assert answer.gap == "baseline reaches 91.2 % test accuracy over 3 seeds."
    assert answer.detail == (
        "Better: c (+1.00); Worse: b (−2.00), d (−50.00). Differences in points of test accuracy."
    )


def test_a_single_change_that_shows_nothing_is_told_so() -> None:
    (answer,) = answers("Images", changes(a=("equivalent", 0.001)), {"baseline-a"})
    assert answer.claim == "Images: of the one change of baseline, 1 is equivalent."
    assert answer.detail == "Differences in points of test accuracy."


def look(seeds: int, bounds: tuple[float, float] | None, verdict: str | None) -> dict[str, Any]:
    size = sum(bounds) / 2 if bounds else 0.01
    interval = list(bounds) if bounds else None
    return {"seeds": seeds, "difference": size, "interval": interval, "verdict": verdict}


def sequential(*looks: dict[str, Any], comparisons: int = 2) -> dict[str, Any]:
    """One model against one reference, looked at after 3, 5 and 8 seeds."""
    verdict = next(one["verdict"] for one in looks if one["verdict"])
    given = comparison(verdict, NONE, seeds=looks[-1]["seeds"])
    given["design"] = {"looks": [3, 5, 8], "margin": 1.5, "comparisons": comparisons}
    given["differences"][0]["accuracy"]["looks"] = list(looks)
    return given


NONE = "no difference shown"
TOO_FEW = "too few seeds to say"


@pytest.mark.parametrize(
    ("verdict", "claim"),
    [
        (
            "better",
            "dropout is better than baseline, by 0.40 points of test accuracy (3 seeds each, ",
        ),
        (
            "worse",
            "dropout is worse than baseline, by 0.40 points of test accuracy (3 seeds each, ",
        ),
        (
            NONE,
            "no difference between dropout and baseline is shown (−0.40 points of test accuracy, "
            "3 seeds each, ",
        ),
        (
            TOO_FEW,
            "too few seeds to say whether dropout or baseline is better (−0.40 points of test "
            "accuracy, 3 seeds each, ",
        ),
    ],
)
def test_the_claim_says_the_verdict_its_size_and_its_interval(verdict: str, claim: str) -> None:
    (answer,) = answers("Made up", comparison(verdict, NONE))
    assert answer.claim == f"Made up: {claim}95 % interval −1.00 to +0.20)."
    expected = "Test accuracy 90.80 % against 91.20 %; p = 0.080."
    if verdict == NONE:
        expected += (
            " By itself, a true difference of 0.85 points would be shown by such images and seeds "
            "with a probability of 80 %."
        )
    assert answer.detail == expected


def test_several_comparisons_are_told_with_holms_p_value() -> None:
    given = comparison("worse", NONE, bounds=(-0.007, -0.001), p_value=0.0002, holm=(4, 0.0008))
    (answer,) = answers("Made up", given)
    assert "dropout is worse than baseline, by 0.40 points" in answer.claim
    assert "−0.70 to −0.10)" in answer.claim
    assert "p < 0.001, by Holm for 4 comparisons p < 0.001." in answer.detail


def test_a_difference_that_only_holm_denies_is_not_shown_and_says_why() -> None:
    given = comparison(NONE, NONE, bounds=(-0.0079, -0.0001), p_value=0.04, holm=(3, 0.12))
    (answer,) = answers("Made up", given)
    assert "no difference between dropout and baseline is shown" in answer.claim
    assert "p = 0.040, by Holm for 3 comparisons p = 0.120." in answer.detail
    assert "but not once all 3 comparisons of accuracy are allowed for." in answer.detail


@pytest.mark.parametrize(
    ("verdict", "claim"),
    [
        ("better", "dropout narrowed the gap between training and test accuracy"),
        ("worse", "dropout widened the gap between training and test accuracy"),
        (NONE, "No change of the gap between training and test accuracy is shown"),
        (TOO_FEW, "Too few seeds to say what became of the gap"),
    ],
)
def test_the_sentence_on_the_gap_says_the_verdict(verdict: str, claim: str) -> None:
    (answer,) = answers("Made up", comparison(NONE, verdict))
    assert answer.gap.startswith(claim)
    assert "−0.4 points against 6.0" in answer.gap
    assert "difference −6.4, interval −7.0 to −5.8" in answer.gap


@pytest.mark.parametrize(
    ("looks", "claim"),
    [
        (
            [look(3, (-0.03, 0.001), None), look(5, (-0.028, -0.012), "worse")],
            "dropout is worse than baseline, decided after 5 seeds each: −2.00 points, 95 % "
            "interval −2.80 to −1.20 (allows for 3 looks and 2 comparisons).",
        ),
        (
            [look(3, (0.012, 0.028), "better")],
            "dropout is better than baseline, decided after 3 seeds each: +2.00 points, 95 % "
            "interval +1.20 to +2.80 (allows for 3 looks and 2 comparisons).",
        ),
        (
            [look(3, (-0.012, 0.004), "equivalent")],
            "dropout and baseline are equivalent within 1.5 points of test accuracy, decided after "
            "3 seeds each: −0.40 points, 95 % interval −1.20 to +0.40 (allows for 3 looks and 2 "
            "comparisons).",
        ),
        (
            [look(3, (-0.012, -0.004), "equivalent")],
            "dropout and baseline are equivalent within 1.5 points of test accuracy, dropout a "
            "little worse, decided after 3 seeds each: ",
        ),
        (
            [look(3, (-0.03, 0.02), None), look(8, (-0.022, 0.004), "undecided")],
            "undecided between dropout and baseline, after 8 seeds each: −0.90 points, 95 % "
            "interval −2.20 to +0.40 (allows for 3 looks and 2 comparisons); more than 2.20 points "
            "is ruled out.",
        ),
        (
            [look(3, None, "undecided")],
            "undecided between dropout and baseline, after 3 seeds each: +1.00 points, without an "
            "interval.",
        ),
    ],
)
def test_a_sequential_comparison_says_what_was_decided_and_when(
    looks: list[dict[str, Any]], claim: str
) -> None:
    (answer,) = answers("Made up", sequential(*looks))
    assert answer.claim.startswith(f"Made up: {claim}")
    assert f"over {looks[-1]['seeds']} seeds; up to 8 were planned." in answer.detail
    assert "p =" not in answer.detail


def test_a_single_comparison_allows_for_no_other() -> None:
    (answer,) = answers("Made up", sequential(look(3, (0.012, 0.028), "better"), comparisons=1))
    assert "(allows for 3 looks)." in answer.claim


def test_seeds_that_other_comparisons_needed_are_told() -> None:
    given = sequential(look(3, (0.012, 0.028), "better"), look(5, (0.01, 0.02), None))
    (answer,) = answers("Made up", given)
    assert "decided after 3 seeds each: +2.00 points" in answer.claim
    assert "after 5 its difference is +1.50 points, interval +1.00 to +2.00." in answer.detail


@pytest.mark.parametrize("seeds", [1, 2])
def test_too_few_seeds_make_no_claim(seeds: int) -> None:
    given = comparison(TOO_FEW, TOO_FEW, seeds=seeds, bounds=None, p_value=None, holm=(0, None))
    (answer,) = answers("Made up", given)
    for sentence in (answer.claim, answer.gap):
        assert "too few seeds to say" in sentence.lower()
    assert f", {seeds} {'seed' if seeds == 1 else 'seeds'} each)." in answer.claim
    everything = f"{answer.claim} {answer.gap} {answer.detail}"
    for claim in ("is better than", "is worse than", "narrowed", "widened", "interval"):
        assert claim not in everything


def test_one_seed_tells_of_the_two_runs_alone() -> None:
    given = comparison(TOO_FEW, TOO_FEW, seeds=1, bounds=None, p_value=None, holm=(0, None))
    (answer,) = answers("Made up", given)
    assert answer.detail.endswith(
        " Of the test images 12 are called right only by this run of dropout and 30 only by that "
        "of baseline (exact McNemar test, p = 0.008)."
    )
    assert "McNemar" not in answers("Made up", comparison(NONE, NONE))[0].detail


def test_a_single_model_is_told_without_a_comparison() -> None:
    given = comparison(NONE, NONE) | {"differences": []}
    given["models"] = {"baseline": given["models"]["baseline"]}
    (answer,) = answers("Made up", given)
    claim = "Made up: baseline reaches 91.2 % test accuracy; there is no other model."
    assert (answer.claim, answer.gap, answer.detail) == (claim, "", "")


def test_every_other_model_has_an_answer() -> None:
    given = comparison("better", NONE)
    given["models"]["third"] = given["models"]["dropout"]
    given["differences"].append(given["differences"][0] | {"model": "third"})
    _, other = answers("Made up", given)
    assert other.claim.startswith("Made up: third is better than baseline")


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
    assert p_value(None) == "–"


def test_small_p_values_are_bounded_and_others_rounded() -> None:
    assert [p_value(value) for value in (0, 0.00099, 0.001, 0.0496, 1)] == [
        *["< 0.001"] * 2,
        "0.001",
        "0.050",
        "1.000",
    ]


def test_an_interval_can_be_scaled_to_per_cent() -> None:
    assert interval([0.912, 0.9184], 100, 1) == "91.2 to 91.8"


def test_what_anchors_let_stand_twice_is_written_out_twice() -> None:
    pool = {"pool": {"size": 2}}
    assert brief([pool, {"flatten": {}}, pool]) == (
        "[{pool: {size: 2}}, {flatten: {}}, {pool: {size: 2}}]"
    )


TRAINING = {"early_stopping": None, "keep": "last", "monitor": "val_loss", "averaging": None}


@pytest.mark.parametrize(
    ("own", "told"),
    [
        (
            {},
            "Training goes through all its epochs; the weights of the last epoch are kept.",
        ),
        (
            {"early_stopping": {"patience": 3, "min_delta": 0}, "keep": "best"},
            "Training stops when the validation loss has not improved for 3 epochs; the weights of "
            "the best epoch, with the lowest validation loss, are kept.",
        ),
        (
            {
                "early_stopping": {"patience": 1, "min_delta": 0.01},
                "monitor": "val_accuracy",
                "averaging": {"ema": {}},
            },
            "Training stops when the validation accuracy has not improved by more than 0.01 for an "
            "epoch; the averaged weights of the last epoch are kept.",
        ),
    ],
)
def test_the_page_says_when_trainings_end_and_what_they_keep(
    own: dict[str, Any], told: str
) -> None:
    assert how_trainings_end(dict.fromkeys("ab", TRAINING | own)) == [told]


def test_models_that_end_otherwise_are_told_by_name() -> None:
    trainings = {"a": TRAINING, "b": TRAINING | {"keep": "best"}, "c": TRAINING}
    one, other = how_trainings_end(trainings)
    assert one.startswith("a, c: training goes through all its epochs; the weights of the last")
    assert other.startswith("b: training goes")


BEGUN = {"start_from": {"file": "a/model.keras", "sha256": "0" * 64, "frozen": False}}


def begun(**more: Any) -> dict[str, Any]:
    return {"start_from": BEGUN["start_from"] | more}


@pytest.mark.parametrize(
    ("own", "told"),
    [
        (begun(), "Training begins with the weights of a/model.keras."),
        (
            begun(frozen=True),
            "Training begins with the weights of a/model.keras, which stay as they are.",
        ),
        (
            begun(frozen={"epochs": 3}, then={"learning_rate": 0.0001}, keep_statistics=True),
            "Training begins with the weights of a/model.keras, frozen for 3 epochs, after which "
            "they learn at a rate of 0.0001; batch normalisation keeps its statistics.",
        ),
        (
            {"start_from": None, "sampling": "balanced"},
            "Each epoch draws the classes equally often, and as many images as there are.",
        ),
    ],
)
def test_the_page_says_what_trainings_begin_with(own: dict[str, Any], told: str) -> None:
    usual = TRAINING | {"start_from": None}
    assert how_trainings_begin(dict.fromkeys("ab", TRAINING | own)) == [told]
    (one,) = how_trainings_begin({"a": usual, "b": TRAINING | own})
    assert one == f"b: {told[0].lower()}{told[1:]}"
    assert how_trainings_begin({"a": usual, "b": usual}) == []
