"""What a reader should know before believing a comparison, each with where its evidence is."""

import operator
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from swatchbook.comparison import inference, sequential
from swatchbook.errors import first_ten
from swatchbook.report.sentences import interval, percent, points

CONFUSED = 0.05  # of a class's test images: fewer are not worth a finding
MISCALIBRATED = 0.02  # expected calibration error; less is common noise with a few thousand images
UNBALANCED = 1.5  # images of the largest class for each of the smallest
SEVERAL = 6  # models whose numbers a sentence can hold
ENOUGH_FOR_SMALL = 5  # seeds; fewer show only large differences


@dataclass(frozen=True)
class Finding:
    """A sentence and the part of the data set's pages that it rests on.

    Attributes
    ----------
    kind
        One or two words.
    text
        The sentence.
    evidence
        The end of an element's id, after the data set's.
    model
        The model that it is about, if it is about one.
    """

    kind: str
    text: str
    evidence: str
    model: str | None = None


def of_dataset(
    comparison: Mapping[str, Any],
    gallery: Mapping[str, Any],
    checked: Mapping[str, Any],
    is_watched: bool,
) -> list[Finding]:
    """Return the findings of one data set.

    Each follows from its numbers by a rule that stands in docs/report.md.

    Parameters
    ----------
    comparison
        The content of ``comparison.json``, by `verdicts.judged`.
    gallery
        The content of ``gallery.json``.
    checked
        ``found``, the content of ``checks/summary.json``; ``accuracy``, that of
        ``checks/accuracy_without_twins.json``; ``suspects``, how many labels look wrong.
    is_watched
        Whether any model's trainings measured the test images after every epoch.
    """
    return [
        *_watched(is_watched),
        *_seeds(comparison),
        *_overfitting(comparison),
        *_unfinished(comparison),
        *_confusions(gallery),
        *_calibration(comparison),
        *_leaks(checked),
        *_suspects(checked, bool(comparison.get("cross_validation"))),
        *_balance(checked),
        *_small_classes(comparison, checked),
        *_constant(checked),
    ]


def _watched(is_watched: bool) -> Iterator[Finding]:
    if is_watched:
        yield Finding(
            "test set watched",
            "The test images were measured after every epoch. Nothing was chosen by them, but who "
            "reads their curve and then changes a setting has chosen by them.",
            "curves",
        )


def _seeds(comparison: Mapping[str, Any]) -> Iterator[Finding]:
    seeds = len(comparison["seeds"])
    if not comparison["differences"]:
        return
    if comparison["design"]:
        yield from _undecided(comparison)
        return
    more = "more seeds show smaller ones"
    if comparison.get("cross_validation"):
        more = "more repetitions show somewhat smaller ones, more images much smaller ones"
    if seeds < inference.ENOUGH_SEEDS:
        yield Finding(
            "too few seeds",
            f"{seeds} {'seed' if seeds == 1 else 'seeds'} for each model: another run of the same "
            f"model may differ by more than two models do. Take at least "
            f"{inference.ENOUGH_SEEDS}.",
            "differences",
        )
    elif seeds < ENOUGH_FOR_SMALL:
        sizes = [entry["accuracy"]["smallest_detectable"] for entry in comparison["differences"]]
        yield Finding(
            "few seeds",
            f"{seeds} seeds for each model can show differences of about "
            f"{points(max(sizes)).lstrip('+')} points; {more}.",
            "differences",
        )


def _undecided(comparison: Mapping[str, Any]) -> Iterator[Finding]:
    models = [
        entry["model"]
        for entry in comparison["differences"]
        if entry["accuracy"]["verdict"] == sequential.UNDECIDED
    ]
    if models:
        yield Finding(
            "undecided",
            f"All {len(comparison['seeds'])} seeds were used and do not decide on "
            f"{', '.join(models)}: a larger seeds.to, a larger comparison.margin or more test "
            "images would.",
            "differences",
        )


def _overfitting(comparison: Mapping[str, Any]) -> Iterator[Finding]:
    for name, model in comparison["models"].items():
        gap = model["metrics"]["accuracy_gap"]
        clear = gap["interval"] is not None and gap["interval"][0] > 0
        best, kept = model["best_epoch"], model["kept_epoch"]
        early = best[0] is not None and all(map(operator.lt, best, kept))
        if not (clear or early):
            continue
        text = f"{name}: "
        if clear:
            text += (
                f"{points(gap['mean']).lstrip('+')} points better on its training images than on "
                f"the test images (interval {interval(gap['interval'], 100, 1)})"
            )
        if early:
            text += "; " if clear else ""
            epochs = ", ".join(map(str, dict.fromkeys(model["epochs_per_seed"])))
            epoch = f"epoch {', '.join(map(str, best))} of {epochs}"
            text += f"validation loss was lowest after {epoch} and rose from there"
        yield Finding("overfitting", f"{text}.", "curves", name)


def _unfinished(comparison: Mapping[str, Any]) -> Iterator[Finding]:
    for name, model in comparison["models"].items():
        epochs = model["epochs_per_seed"]
        if min(epochs) > 1 and model["best_epoch"] == epochs:
            last = ", ".join(map(str, dict.fromkeys(epochs)))
            runs = "every run" if len(epochs) > 1 else "its run"
            yield Finding(
                "still learning",
                f"the validation loss of {name} was lowest after the last epoch ({last}) in "
                f"{runs}: more epochs may make it better, and change the comparison.",
                "curves",
                name,
            )


def _confusions(gallery: Mapping[str, Any]) -> Iterator[Finding]:
    classes = gallery["classes"]
    for model, counts in gallery["counts"].items():
        shares = [
            (count / sum(row), true, called)
            for true, row in enumerate(counts)
            for called, count in enumerate(row)
            if true != called and count
        ]
        if not shares:
            continue
        share, true, called = max(shares)
        if share >= CONFUSED:
            yield Finding(
                "confusable classes",
                f"{model} takes {percent(share)} of the test images of “{classes[true]}” for "
                f"“{classes[called]}”, its most frequent confusion.",
                "confusion",
                model,
            )


def _calibration(comparison: Mapping[str, Any]) -> Iterator[Finding]:
    for name, model in comparison["models"].items():
        ece = model["metrics"]["ece"]["mean"]
        if ece < MISCALIBRATED:
            continue
        text = f"{name} is, on average, {points(ece).lstrip('+')} points off in how sure it is"
        if model["scaling"]:
            temperatures = model["scaling"]["temperature"]
            mean = sum(temperatures) / len(temperatures)
            way = "too sure of itself" if mean > 1 else "not sure enough of itself"
            after = model["scaling"]["metrics"]["ece"]["mean"]
            helps = "leaves" if after < ece else "does not help and leaves"
            text += f" ({way}); temperature scaling {helps} {points(after).lstrip('+')}"
        yield Finding("miscalibration", f"{text}.", "calibration", name)


def _leaks(checked: Mapping[str, Any]) -> Iterator[Finding]:
    accuracy = checked["accuracy"]
    if not accuracy["twins"]:
        return
    text = (
        f"{accuracy['twins']:,} of {accuracy['test_images']:,} test images have an exact or near "
        "copy among the training images"
    )
    changes = [
        f"{name} {percent(model['all']['mean'], 2)} with them and "
        f"{percent(model['without_twins']['mean'], 2)} without"
        for name, model in accuracy["models"].items()
        if model["without_twins"]
    ]
    if len(changes) > SEVERAL:
        text += "; the data checks have each model's test accuracy with and without them"
    elif changes:
        text += f"; test accuracy: {'; '.join(changes)}"
    yield Finding("leaks", f"{text}.", "checks")


def _suspects(checked: Mapping[str, Any], is_crossed: bool) -> Iterator[Finding]:
    if checked["suspects"]:
        who = "by every model in each repetition" if is_crossed else "by every model and seed"
        yield Finding(
            "doubtful labels",
            f"{checked['suspects']:,} test images are called the same other class {who}, each "
            f"with a probability of at least "
            f"{percent(checked['accuracy']['suspicion'], 0)}.",
            "gallery",
        )


def _balance(checked: Mapping[str, Any]) -> Iterator[Finding]:
    for split, facts in checked["found"]["balance"].items():
        if not facts["images"]:
            continue
        if facts["missing"]:
            text = f"The {split} images have none of {first_ten(facts['missing'])}."
            yield Finding("missing classes", text, "checks")
        elif facts["most_to_least"] > UNBALANCED:
            yield Finding(
                "unbalanced classes",
                f"The largest class has {facts['most_to_least']:.1f} times the {split} images of "
                "the smallest; accuracy speaks mostly of large classes, macro-F1 of all alike.",
                "checks",
            )


def _small_classes(comparison: Mapping[str, Any], checked: Mapping[str, Any]) -> Iterator[Finding]:
    crossed = comparison.get("cross_validation")
    if not crossed:
        return
    counts = checked["found"]["balance"]["test"]["class_counts"]
    few = [name for name, count in counts.items() if count < crossed["folds"]]
    if few:
        yield Finding(
            "small classes",
            f"Fewer images than folds show {', '.join(few)}: some folds test none of them, and "
            "those that do leave few or none to train on.",
            "checks",
        )


def _constant(checked: Mapping[str, Any]) -> Iterator[Finding]:
    count = len(checked["found"]["constant"])
    if count:
        noun = "image shows" if count == 1 else "images show"
        yield Finding("dull images", f"{count:,} {noun} one colour or nearly so.", "checks")
