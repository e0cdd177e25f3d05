"""The first screen says in plain words what the verdict says, and no more."""

from typing import Any

import pytest

from swatchbook.report.headlines import question, verdict

BETTER, WORSE = "better", "worse"
NONE, TOO_FEW = "no difference shown", "too few seeds to say"
EQUIVALENT, UNDECIDED = "equivalent", "undecided"


def entry(model: str, accuracy: str, difference: float, gap: str = NONE) -> dict[str, Any]:
    return {
        "model": model,
        "reference": "baseline",
        "accuracy": {"verdict": accuracy, "difference": difference},
        "accuracy_gap": {"verdict": gap},
    }


def compared(*entries: dict[str, Any], gaps: tuple[float, float] = (0.06, 0.031)) -> dict[str, Any]:
    """Entries of models whose gaps are the second of `gaps`, the reference's the first."""
    before, after = gaps
    models = {"baseline": before} | {one["model"]: after for one in entries}
    return {
        "seeds": [0, 1, 2],
        "design": None,
        "differences": list(entries),
        "models": {
            name: {"metrics": {"accuracy": {"mean": 0.9123}, "accuracy_gap": {"mean": gap}}}
            for name, gap in models.items()
        },
    }


@pytest.mark.parametrize(
    ("accuracy", "difference", "told"),
    [
        (BETTER, 0.0047, "Dropout helped here: 0.5 points more accurate than baseline."),
        (WORSE, -0.0047, "Dropout did not help here: 0.5 points less accurate than baseline."),
        (WORSE, -0.0002, "Dropout did not help here: 0.02 points less accurate than baseline."),
        (
            NONE,
            -0.0027,
            "It is not shown that dropout makes a difference here: 0.3 points less accurate than "
            "baseline, which chance alone may do.",
        ),
        (
            NONE,
            0.0,
            "It is not shown that dropout makes a difference here: as accurate as baseline in "
            "these runs, which chance alone may do.",
        ),
        (
            TOO_FEW,
            0.01,
            "3 seeds each cannot say whether dropout helps: 1.0 points more accurate than "
            "baseline, and other seeds may say the opposite.",
        ),
    ],
)
def test_each_verdict_has_its_sentence(accuracy: str, difference: float, told: str) -> None:
    assert verdict(compared(entry("dropout", accuracy, difference))) == [told]


@pytest.mark.parametrize(
    ("accuracy", "gap", "gaps", "told"),
    [
        (WORSE, BETTER, (0.06, 0.031), "It did halve the overfitting{} 3.1 instead of 6.0 points."),
        (
            BETTER,
            BETTER,
            (0.06, 0.031),
            "It also halved the overfitting{} 3.1 instead of 6.0 points.",
        ),
        (WORSE, BETTER, (0.06, 0.05), "It did reduce the overfitting{} 5.0 instead of 6.0 points."),
        (
            WORSE,
            BETTER,
            (0.06, -0.004),
            "It did take away nearly all of the overfitting{} −0.4 instead of 6.0 points.",
        ),
        (WORSE, WORSE, (0.06, 0.08), "It increased the overfitting{} 8.0 instead of 6.0 points."),
    ],
)
def test_a_change_of_the_overfitting_that_is_shown_is_told(
    accuracy: str, gap: str, gaps: tuple[float, float], told: str
) -> None:
    found = verdict(compared(entry("dropout", accuracy, 0.01, gap), gaps=gaps))
    assert found[1:] == [told.format(", the gap between training and test accuracy:")]


@pytest.mark.parametrize("gap", [NONE, TOO_FEW])
def test_of_the_overfitting_nothing_is_said_where_no_change_of_it_is_shown(gap: str) -> None:
    assert len(verdict(compared(entry("dropout", WORSE, -0.01, gap)))) == 1


def test_without_overfitting_none_is_said_to_be_less() -> None:
    given = compared(entry("dropout", WORSE, -0.01, BETTER), gaps=(-0.01, -0.05))
    assert len(verdict(given)) == 1


@pytest.mark.parametrize(
    ("word", "told"),
    [
        (
            EQUIVALENT,
            "Dropout makes no difference that counts here: it and baseline are equally accurate "
            "within 3.5 points.",
        ),
        (
            UNDECIDED,
            "Whether dropout helps here is still open after 5 seeds each: 0.8 points less "
            "accurate than baseline.",
        ),
        (WORSE, "Dropout did not help here: 0.8 points less accurate than baseline."),
    ],
)
def test_a_sequential_verdict_is_that_of_the_look_that_decided(word: str, told: str) -> None:
    given = compared(entry("dropout", word, -0.02))
    given["design"] = {"looks": [3, 5], "margin": 3.5, "comparisons": 1}
    given["differences"][0]["accuracy"]["looks"] = [
        {"seeds": 3, "difference": 0.3, "interval": None, "verdict": None},
        {"seeds": 5, "difference": -0.008, "interval": [-0.02, 0.01], "verdict": word},
    ]
    assert verdict(given) == [told]


def test_several_models_are_counted_and_the_largest_gain_named() -> None:
    given = compared(
        entry("a", BETTER, 0.01),
        entry("b", BETTER, 0.03),
        entry("c", NONE, 0.5),
        entry("d", WORSE, -0.1),
    )
    assert verdict(given) == [
        "Of 4 other models, 2 are more accurate than baseline, 1 is less accurate and 1 is not "
        "told apart."
    ]
    del given["differences"][2]
    assert verdict(given) == [
        "Of 3 other models, 2 are more accurate than baseline and 1 is less accurate; b gains "
        "most, 3.0 points."
    ]


def test_changes_of_an_ablation_are_one_sentence_beside_the_other_models() -> None:
    given = compared(
        entry("baseline-x", NONE, 0.01), entry("baseline-y", WORSE, -0.03), entry("b", BETTER, 0.5)
    )
    assert verdict(given, {"baseline-x", "baseline-y"}) == [
        "Of 2 changes of baseline, 1 is less accurate than baseline and 1 is not told apart.",
        "B helped here: 50.0 points more accurate than baseline.",
    ]
    (only,) = verdict(compared(entry("baseline-x", NONE, 0.01)), {"baseline-x"})
    assert only == "Of the one change of baseline, 1 is not told apart from baseline."


def test_of_a_model_alone_there_is_no_verdict() -> None:
    assert verdict(compared()) == []


@pytest.mark.parametrize(
    ("models", "made", "asked"),
    [
        (["a"], [], "How good is a?"),
        (["a", "b"], [], "Is b more accurate than a, or is it chance?"),
        (
            ["a", "b", "c"],
            [],
            "Which of 3 models is more accurate than a, and which only by chance?",
        ),
        (["a", "a-x"], ["a-x"], "Which changes of a make it more accurate?"),
        (
            ["a", "b", "c", "a-x"],
            ["a-x"],
            "Which changes of a help, and how do b and c compare with it?",
        ),
    ],
)
def test_the_question_follows_from_the_models(
    models: list[str], made: list[str], asked: str
) -> None:
    assert question(models, "a", made) == asked
