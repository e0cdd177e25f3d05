"""The verdict as the first screen says it: in plain words, by rule, with no more than is shown."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from swatchbook.comparison import inference, sequential
from swatchbook.report import sentences
from swatchbook.report.sentences import capital, interval, percent, points

HALF = (0.4, 0.6)  # of the other model's gap: what is called half of it
NEARLY_NONE = 0.1
FEW_MODELS = 2  # the best of more is on top by luck, too


def question(models: Sequence[str], reference: str, made: Collection[str]) -> str:
    """Return what a report asks, from which models there are.

    Parameters
    ----------
    made
        The models that an ablation made of the reference.
    """
    others = [model for model in models if model != reference]
    written = [model for model in others if model not in made]
    if not others:
        return f"How good is {reference}?"
    if not written:
        return f"Which changes of {reference} make it more accurate?"
    if made:
        return f"Which changes of {reference} help, and how do {_and(written)} compare with it?"
    if len(others) == 1:
        return f"Is {others[0]} more accurate than {reference}, or is it chance?"
    count = len(models)
    return f"Which of {count} models is more accurate than {reference}, and which only by chance?"


def verdict(comparison: Mapping[str, Any], made: Collection[str] = ()) -> list[str]:
    """Return the verdict on one data set in one or two plain sentences; none on a single model.

    The words follow from the verdict on accuracy and on the gap alone, which `sentences.answers`
    states with their intervals: a gap of which no change is shown is not spoken of.

    Parameters
    ----------
    comparison
        The content of ``comparison.json``, by `verdicts.judged`.
    made
        The models that an ablation made of the reference.
    """
    entries = comparison["differences"]
    if not entries:
        return []
    changes = [entry for entry in entries if entry["model"] in made]
    written = [entry for entry in entries if entry["model"] not in made]
    told = [_of_changes(changes)] if changes else []
    if len(written) == 1:
        (entry,) = written
        told += [_accuracy(entry, comparison), *_overfitting(entry, comparison["models"])]
    elif written:
        told.append(_of_models(written))
    return [capital(sentence) for sentence in told]


def quality(
    comparison: Mapping[str, Any],
    recalls: Mapping[str, tuple[float, Sequence[float] | None]],
    guessing: float,
) -> list[str]:
    """Say how good the most accurate model is, and what that is worth: plain sentences.

    Its accuracy with the interval over seeds, and by how much another set of as many test images
    could move it: the distance of Wilson's interval of the mean. Where an interval counts images
    too, as of a cross-validation, nothing is added.

    Parameters
    ----------
    comparison
        The content of ``comparison.json``, by `verdicts.judged`.
    recalls
        That model's recall of each class that has test images, and its interval if there is one.
    guessing
        The share of the test images that are of the largest class.
    """
    model = most_accurate(comparison)
    count = len(comparison["models"])
    accuracy = comparison["models"][model]["metrics"]["accuracy"]
    among = {1: "", 2: ", with the higher mean,"}.get(count, f", the most accurate of {count},")
    parts = (_over_seeds(accuracy, comparison), _images(accuracy, comparison))
    covered = "; ".join(filter(None, parts))
    weakest, (recall, bounds) = min(recalls.items(), key=lambda item: item[1][0])
    of_weakest = f" ({interval(bounds, 100, 1)})" if bounds else ""
    told = [
        f"{model}{among} calls {percent(accuracy['mean'])} of the test images right ({covered}); "
        f"always naming the largest class would be right for {percent(guessing)}.",
        f"Its weakest class is “{weakest}”, of which it finds {percent(recall)}{of_weakest}.",
    ]
    if count > FEW_MODELS:
        told.append("The best of so many looks a little better than it is.")
    return [capital(sentence) for sentence in told]


def most_accurate(comparison: Mapping[str, Any]) -> str:
    """Return the model with the highest mean accuracy, the first of these."""
    models = comparison["models"]
    return max(models, key=lambda name: models[name]["metrics"]["accuracy"]["mean"])


def _over_seeds(accuracy: Mapping[str, Any], comparison: Mapping[str, Any]) -> str:
    trained = sentences.trainings(comparison)
    if accuracy["interval"] is None:
        return "one run"
    counts = ", images and seeds counted" if comparison.get("cross_validation") else ""
    return f"{interval(accuracy['interval'], 100, 1)} over {trained}{counts}"


def _images(accuracy: Mapping[str, Any], comparison: Mapping[str, Any]) -> str:
    if comparison.get("cross_validation"):
        return ""
    images, mean = comparison["test_images"], accuracy["mean"]
    bounds = inference.wilson_interval(mean * images, images, comparison["confidence"])
    size = points(max(mean - bounds[0], bounds[1] - mean)).lstrip("+")
    return f"another {images:,} test images could move it by about {size} points"


def _accuracy(entry: Mapping[str, Any], comparison: Mapping[str, Any]) -> str:
    model, reference = entry["model"], entry["reference"]
    design = comparison["design"]
    found = sentences.decisive(entry) if design else entry["accuracy"]
    seeds = found["seeds"] if design else len(comparison["seeds"])
    way = "more" if found["difference"] > 0 else "less"
    measured = f"{_size(found['difference'])} {way} accurate than {reference}"
    if found["difference"] == 0:
        measured = f"as accurate as {reference} in these runs"
    words = {
        inference.BETTER: f"{model} helped here: {measured}.",
        inference.WORSE: f"{model} did not help here: {measured}.",
        inference.NOT_SHOWN: f"it is not shown that {model} makes a difference here: {measured}, "
        "which chance alone may do.",
        inference.TOO_FEW: f"{sentences.trainings(comparison)} each cannot say whether {model} "
        f"helps: {measured}, and other seeds may say the opposite.",
        sequential.UNDECIDED: f"whether {model} helps here is still open after {seeds} seeds each: "
        f"{measured}.",
    }
    if design and design["margin"] is not None:
        words[sequential.EQUIVALENT] = (
            f"{model} makes no difference that counts here: it and {reference} are equally "
            f"accurate within {design['margin']:g} points."
        )
    return words[entry["accuracy"]["verdict"]]


def _overfitting(entry: Mapping[str, Any], models: Mapping[str, Any]) -> list[str]:
    """Say what became of the overfitting; nothing where no change of it is shown."""
    before, after = (
        models[entry[key]]["metrics"]["accuracy_gap"]["mean"] for key in ("reference", "model")
    )
    shown = entry["accuracy_gap"]["verdict"]
    if shown not in (inference.BETTER, inference.WORSE) or before <= 0:
        return []
    also = entry["accuracy"]["verdict"] == inference.BETTER
    if shown == inference.WORSE:
        did = "but it increased" if also else "it increased"
    else:
        did = ("it also " if also else "it did ") + _cut(after / before, also)
    sizes = " instead of ".join(points(size).replace("+", "") for size in (after, before))
    gap = "the gap between training and test accuracy"
    return [f"{did} the overfitting, {gap}: {sizes} points."]


def _cut(left: float, past: bool) -> str:
    """Return the verb for a gap of which so much is left."""
    if left < NEARLY_NONE:
        return "took away nearly all of" if past else "take away nearly all of"
    if HALF[0] <= left <= HALF[1]:
        return "halved" if past else "halve"
    return "reduced" if past else "reduce"


def _of_models(entries: Sequence[Mapping[str, Any]]) -> str:
    reference = entries[0]["reference"]
    return f"of {len(entries)} other models, {_counted(entries, reference)}{_best(entries)}."


def _of_changes(entries: Sequence[Mapping[str, Any]]) -> str:
    reference = entries[0]["reference"]
    if len(entries) == 1:
        return f"of the one change of {reference}, {_counted(entries, reference)}."
    return (
        f"of {len(entries)} changes of {reference}, {_counted(entries, reference)}{_best(entries)}."
    )


def _best(entries: Sequence[Mapping[str, Any]]) -> str:
    """Name the largest gain, if it is shown to be one."""
    best = max(entries, key=lambda entry: entry["accuracy"]["difference"])
    if best["accuracy"]["verdict"] != inference.BETTER:
        return ""
    return f"; {best['model']} gains most, {_size(best['accuracy']['difference'])}"


def _counted(entries: Sequence[Mapping[str, Any]], reference: str) -> str:
    """Say how many are what; the first that is said names the reference."""
    words = {
        inference.BETTER: "more accurate{}",
        inference.WORSE: "less accurate{}",
        sequential.EQUIVALENT: "within the margin{}",
        None: "not told apart{}",
    }
    links = {None: " from "} | {sequential.EQUIVALENT: " of "}
    verdicts = [entry["accuracy"]["verdict"] for entry in entries]
    counts = {verdict: verdicts.count(verdict) for verdict in words}
    counts[None] = len(entries) - sum(counts.values())
    told = []
    for verdict, count in counts.items():
        if count:
            than = "" if told else f"{links.get(verdict, ' than ')}{reference}"
            told.append(f"{count} {'is' if count == 1 else 'are'} {words[verdict].format(than)}")
    return _and(told)


def _and(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))


def _size(difference: float) -> str:
    digits = 1 if abs(difference) >= 0.0005 else 2
    return f"{points(abs(difference), digits).lstrip('+')} points"
