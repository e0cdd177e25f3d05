"""What a comparison shows, in words that follow from its numbers by rule."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from swatchbook.comparison import inference, sequential

BRIEF = 80  # characters


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


def count(value: int) -> str:
    """Return a number as ``1,290``, from a million on as ``7.7 million``."""
    for size, word in ((10**9, "billion"), (10**6, "million")):
        if value >= size:
            return f"{value / size:.1f} {word}"
    return f"{value:,}"


def capital(text: str) -> str:
    """Return a sentence with a capital at its beginning."""
    return text[:1].upper() + text[1:]


def p_value(value: float | None) -> str:
    """Return a p-value as ``0.012`` or ``< 0.001``; a dash where there is none."""
    if value is None:
        return "–"
    return "< 0.001" if value < 0.001 else _number(value, 3)


def duration(seconds: float) -> str:
    """Return a time as ``45 s``, ``12 min`` or ``3 h 5 min``."""
    minutes = round(seconds / 60)
    if minutes < 2:
        return f"{seconds:.0f} s"
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def under_corruption(model: str, found: Mapping[str, Any]) -> str:
    """Say how a model bears corrupted images.

    Parameters
    ----------
    found
        Its part of ``corruptions/summary.json``.
    """
    clean, corrupted = found["clean"]["mean"], found["corrupted"]["mean"]
    worst, best = found["worst"], found["best"]
    return (
        f"{model} is right on {percent(clean)} of these images as they are, and on "
        f"{percent(corrupted)} of them under corruption, on average. At strength 5 it is right on "
        f"{percent(best['mean'])} under {best['corruption']}, which it bears best, and on "
        f"{percent(worst['mean'])} under {worst['corruption']}, which it bears worst."
    )


def apart_under_corruption(entry: Mapping[str, Any]) -> str:
    """Say whether one model is more accurate on corrupted images than the reference.

    Parameters
    ----------
    entry
        Of ``differences`` in ``corruptions/summary.json``.
    """
    corrupted, clean = entry["corrupted"], entry["clean"]
    difference, bounds = corrupted["difference"], corrupted["interval"]
    model, reference = entry["model"], entry["reference"]
    if bounds is None or bounds[0] <= 0 <= bounds[1]:
        told = f"It is not shown that {model} and {reference} differ under corruption"
    else:
        word = "more" if difference > 0 else "less"
        told = f"Under corruption {model} is {word} accurate than {reference}"

    def apart(found: Mapping[str, Any]) -> str:
        size = f"{points(found['difference'])} points"
        within = found["interval"]
        return (
            size
            if within is None
            else f"{size} (interval {points(within[0])} to {points(within[1])})"
        )

    return f"{told}: {apart(corrupted)}; on the same images as they are {apart(clean)}."


class _WrittenOut(yaml.SafeDumper):
    """Writes out each time what a configuration's anchors let stand in several places."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def as_yaml(value: Any, **options: Any) -> str:
    """Return what stands in a configuration as YAML, in its order and without anchors."""
    return yaml.dump(value, Dumper=_WrittenOut, sort_keys=False, allow_unicode=True, **options)


def brief(value: Any) -> str:
    """Return what stands in a configuration on one line, shortened where it is long."""
    text = as_yaml(value, default_flow_style=True, width=10_000)
    text = text.removesuffix("...\n").strip()
    return text if len(text) <= BRIEF else f"{text[: BRIEF - 1]}…"


def how_trainings_end(trainings: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Say when trainings stop and whose epoch's weights they keep: a sentence for all that agree.

    Parameters
    ----------
    trainings
        The whole ``training`` of each model.
    """
    return _by_model({model: _end(training) for model, training in trainings.items()})


def how_trainings_begin(trainings: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Say what trainings begin with, and how often they see a class, where it is not as usual.

    Parameters
    ----------
    trainings
        The whole ``training`` of each model.
    """
    told = {model: _begin(training) for model, training in trainings.items()}
    return _by_model(told) if any(told.values()) else []


def _by_model(told: Mapping[str, str]) -> list[str]:
    """Return what is told of models, once for all of which the same is told."""
    models: dict[str, list[str]] = {}
    for model, text in told.items():
        models.setdefault(text, []).append(model)
    if len(models) == 1:
        return list(models)
    return [
        f"{', '.join(those)}: {text[0].lower()}{text[1:]}" for text, those in models.items() if text
    ]


def _begin(training: Mapping[str, Any]) -> str:
    start, told = training["start_from"], []
    if start:
        begun = f"Training begins with the weights of {start['file']}"
        if isinstance(start["frozen"], Mapping):
            first = start["frozen"]["epochs"]
            many = "for an epoch" if first == 1 else f"for {first} epochs"
            rate = brief(start["then"]["learning_rate"])
            begun += f", frozen {many}, after which they learn at a rate of {rate}"
        elif start["frozen"]:
            begun += ", which stay as they are"
        kept = "; batch normalisation keeps its statistics"
        told.append(f"{begun}{kept if start.get('keep_statistics') else ''}.")
    if training.get("sampling"):
        told.append("Each epoch draws the classes equally often, and as many images as there are.")
    return " ".join(told)


def _end(training: Mapping[str, Any]) -> str:
    rule = training["early_stopping"]
    best, measure = {
        "val_loss": ("lowest", "validation loss"),
        "val_accuracy": ("highest", "validation accuracy"),
    }[training["monitor"]]
    text = "Training goes through all its epochs"
    if rule:
        waits = "for an epoch" if rule["patience"] == 1 else f"for {rule['patience']} epochs"
        least = f" by more than {rule['min_delta']}" if rule["min_delta"] else ""
        text = f"Training stops when the {measure} has not improved{least} {waits}"
    weights = "averaged weights" if training["averaging"] else "weights"
    kept = f"best epoch, with the {best} {measure}," if training["keep"] == "best" else "last epoch"
    return f"{text}; the {weights} of the {kept} are kept."


def _number(value: float, digits: int) -> str:
    """Round, with a true minus sign, and none before a zero."""
    return f"{value:z.{digits}f}".replace("-", "−")


@dataclass(frozen=True)
class Answer:
    """What one comparison shows.

    Attributes
    ----------
    claim
        Which model is better and by how much; one sentence.
    gap
        What became of the gap between training and test accuracy; one sentence, or empty.
    detail
        Accuracies, p-values and what could have been shown; empty where there is one model.
    """

    claim: str
    gap: str = ""
    detail: str = ""


def answers(
    dataset: str, comparison: Mapping[str, Any], made: Collection[str] = ()
) -> list[Answer]:
    """Return what opens the report for one data set, one answer for each comparison.

    And one for all changes that an ablation made.

    The words are those of `inference.verdict`, with fewer than three seeds nothing is claimed; or,
    where as many seeds were taken as a decision needed, those of `sequential.decision`.

    Parameters
    ----------
    dataset
        The data set's title.
    comparison
        The content of ``comparison.json``, by `verdicts.judged`.
    made
        The models that an ablation made of the reference.
    """
    models = comparison["models"]
    if not comparison["differences"]:
        (model,) = models
        mean = models[model]["metrics"]["accuracy"]["mean"]
        return [
            Answer(
                f"{dataset}: {model} reaches {percent(mean)} test accuracy; there is no other "
                "model."
            )
        ]
    changes = [entry for entry in comparison["differences"] if entry["model"] in made]
    return [
        *([_of_changes(dataset, changes, comparison)] if changes else []),
        *(
            Answer(
                (_decided if comparison["design"] else _claim)(dataset, entry, comparison),
                _gap(entry, models),
                (_looks if comparison["design"] else _detail)(entry, models, comparison),
            )
            for entry in comparison["differences"]
            if entry["model"] not in made
        ),
    ]


def _of_changes(
    dataset: str, changes: Sequence[Mapping[str, Any]], comparison: Mapping[str, Any]
) -> Answer:
    """Say of all changes of a model at once which ones help and which ones harm."""
    base = comparison["reference"]
    found: dict[str, list[str]] = {}
    for entry in sorted(changes, key=lambda entry: -entry["accuracy"]["difference"]):
        name = entry["model"].removeprefix(f"{base}-")
        told = f"{name} ({points(entry['accuracy']['difference'], 2)})"
        found.setdefault(entry["accuracy"]["verdict"], []).append(told)
    words = {
        inference.BETTER: "shown to be better",
        inference.WORSE: "shown to be worse",
        sequential.EQUIVALENT: "equivalent",
    }
    shown = [
        f"{len(found[verdict])} {'is' if len(found[verdict]) == 1 else 'are'} {word}"
        for verdict, word in words.items()
        if verdict in found
    ]
    rest = len(changes) - sum(len(found.get(verdict, ())) for verdict in words)
    if rest:
        shown.append(f"{rest} {'is' if rest == 1 else 'are'} not told apart from it")
    count = "the one change" if len(changes) == 1 else f"the {len(changes)} changes"
    mean = comparison["models"][base]["metrics"]["accuracy"]["mean"]
    named = [
        f"{title}: {', '.join(found[verdict])}"
        for verdict, title in ((inference.BETTER, "Better"), (inference.WORSE, "Worse"))
        if verdict in found
    ]
    return Answer(
        f"{dataset}: of {count} of {base}, {', '.join(shown)}.",
        f"{base} reaches {percent(mean)} test accuracy over {trainings(comparison)}.",
        "; ".join(named) + (". " if named else "") + "Differences in points of test accuracy.",
    )


def _decided(dataset: str, entry: Mapping[str, Any], comparison: Mapping[str, Any]) -> str:
    """Say what a sequential comparison has decided, and after how many seeds."""
    model, reference, design = entry["model"], entry["reference"], comparison["design"]
    verdict, looks = entry["accuracy"]["verdict"], entry["accuracy"]["looks"]
    look = decisive(entry)
    bounds = look["interval"]
    margin = None if design["margin"] is None else f"{design['margin']:g}"
    claim = {
        inference.BETTER: f"{model} is better than {reference}",
        inference.WORSE: f"{model} is worse than {reference}",
        sequential.EQUIVALENT: f"{model} and {reference} are equivalent within {margin} points of "
        "test accuracy",
        sequential.UNDECIDED: f"undecided between {model} and {reference}",
    }[verdict]
    if verdict == sequential.EQUIVALENT and (bounds[0] > 0 or bounds[1] < 0):
        claim += f", {model} a little {'better' if bounds[0] > 0 else 'worse'}"
    when = "after" if verdict == sequential.UNDECIDED else "decided after"
    text = (
        f"{dataset}: {claim}, {when} {look['seeds']} seeds each: "
        f"{points(look['difference'], 2)} points"
    )
    if bounds is None:
        return f"{text}, without an interval."
    low, high = (points(bound, 2) for bound in bounds)
    count, total = len(design["looks"]), design["comparisons"]
    text += (
        f", {percent(comparison['confidence'], 0)} interval {low} to {high} (allows for {count} "
        f"looks{'' if total == 1 else f' and {total} comparisons'})"
    )
    if verdict == sequential.UNDECIDED:
        beyond = points(max(map(abs, looks[-1]["interval"])), 2).lstrip("+")
        text += f"; more than {beyond} points is ruled out"
    return f"{text}."


def decisive(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the look that decided a sequential comparison, or the last one."""
    looks = entry["accuracy"]["looks"]
    return next((look for look in looks if look["verdict"]), looks[-1])


def _looks(
    entry: Mapping[str, Any], models: Mapping[str, Any], comparison: Mapping[str, Any]
) -> str:
    """Say how many seeds were planned and used, and what the accuracies are."""
    model, reference, design = entry["model"], entry["reference"], comparison["design"]
    ours, theirs = (models[name]["metrics"]["accuracy"]["mean"] for name in (model, reference))
    planned, seeds = design["looks"][-1], len(comparison["seeds"])
    text = (
        f"Test accuracy {percent(ours, 2)} against {percent(theirs, 2)} over {seeds} seeds; up to "
        f"{planned} were planned."
    )
    decided, last = decisive(entry), entry["accuracy"]["looks"][-1]
    if last["seeds"] > decided["seeds"] and last["interval"]:
        low, high = (points(bound, 2) for bound in last["interval"])
        text += (
            f" Other comparisons needed more seeds than this one: after {last['seeds']} its "
            f"difference is {points(last['difference'], 2)} points, interval {low} to {high}."
        )
    return text


def _claim(dataset: str, entry: Mapping[str, Any], comparison: Mapping[str, Any]) -> str:
    model, reference = entry["model"], entry["reference"]
    found = entry["accuracy"]
    shown = found["verdict"] in (inference.BETTER, inference.WORSE)
    size = points(abs(found["difference"]), 2).lstrip("+")
    difference = points(found["difference"], 2)
    claim = {
        inference.BETTER: f"{model} is better than {reference}, by {size}",
        inference.WORSE: f"{model} is worse than {reference}, by {size}",
        inference.NOT_SHOWN: f"no difference between {model} and {reference} is shown",
        inference.TOO_FEW: f"too few seeds to say whether {model} or {reference} is better",
    }[found["verdict"]]
    text = f"{dataset}: {claim} points of test accuracy" if shown else f"{dataset}: {claim}"
    each = f"{trainings(comparison)} each"
    measured = each if shown else f"{difference} points of test accuracy, {each}"
    if found["interval"]:
        low, high = (points(bound, 2) for bound in found["interval"])
        measured += f", {percent(comparison['confidence'], 0)} interval {low} to {high}"
    return f"{text} ({measured})."


def _detail(
    entry: Mapping[str, Any], models: Mapping[str, Any], comparison: Mapping[str, Any]
) -> str:
    model, reference = entry["model"], entry["reference"]
    ours, theirs = (models[name]["metrics"]["accuracy"]["mean"] for name in (model, reference))
    found = entry["accuracy"]
    others = found["holm_comparisons"]
    text = f"Test accuracy {percent(ours, 2)} against {percent(theirs, 2)}"
    if found["interval"]:
        text += f"; {_p(found['p_value'])}"
        if others > 1:
            text += f", by Holm for {others} comparisons {_p(found['holm_p_value'])}"
    text += "."
    if found["verdict"] == inference.NOT_SHOWN:
        if inference.only_alone(found["p_value"], found["holm_p_value"], comparison["confidence"]):
            text += (
                f" Alone the difference would be shown, but not once all {others} comparisons of "
                "accuracy are allowed for."
            )
        size = _number(found["smallest_detectable"] * 100, 2)
        by = "folds" if comparison.get("cross_validation") else "images and seeds"
        text += (
            f" By itself, a true difference of {size} points would be shown by such {by} with a "
            f"probability of {percent(inference.POWER, 0)}."
        )
    if len(comparison["seeds"]) == 1:
        text += f" {_one_run_each(entry)}"
    return text


def trainings(comparison: Mapping[str, Any]) -> str:
    """Say how often each model was trained: ``3 seeds``, ``2 repetitions of 5 folds``."""
    crossed = comparison.get("cross_validation")
    if not crossed:
        seeds = len(comparison["seeds"])
        return f"{seeds} {'seed' if seeds == 1 else 'seeds'}"
    folds = f"{crossed['folds']} folds"
    repetitions = crossed["repetitions"]
    return folds if repetitions == 1 else f"{repetitions} repetitions of {folds}"


def run_noun(comparison: Mapping[str, Any]) -> str:
    """Return what one training is called: a seed, or of a cross-validation a fold."""
    return "fold" if comparison.get("cross_validation") else "seed"


def repetition_noun(comparison: Mapping[str, Any]) -> str:
    """Return what tests all images once: a seed, or of a cross-validation a repetition."""
    return "repetition" if comparison.get("cross_validation") else "seed"


def cross_validation(comparison: Mapping[str, Any]) -> str:
    """Say that figures are cross-validated, by how many images, and how intervals allow for it.

    Empty where the data set has one test set for all seeds.
    """
    crossed = comparison["cross_validation"]
    if not crossed:
        return ""
    folds, runs = crossed["folds"], len(comparison["seeds"])
    training, validation, test = (
        _range(crossed[f"{split}_images"]) for split in ("training", "validation", "test")
    )
    watched = "" if validation == "0" else f", {validation} to watch the training by"
    once = "once" if crossed["repetitions"] == 1 else "once in each repetition"
    return (
        f"All figures are cross-validated, in {trainings(comparison)}: each of the "
        f"{comparison['test_images']:,} images is tested {once}, by a model that has not seen it. "
        f"A run has {training} images to train on{watched} and {test} to test. Seed n is fold n "
        f"mod {folds} of repetition n div {folds}; each repetition draws other folds. Runs share "
        "images and are not independent, so intervals and p-values are those of the corrected "
        "resampled t-test (Nadeau and Bengio, 2003; of repeated cross-validation Bouckaert and "
        f"Frank, 2004), paired by fold: the variance of the {runs} runs is taken 1/{runs} + "
        f"{_number(crossed['overlap'], 3)} (test images by training images) times, in place of "
        f"1/{runs} times. They are about models trained on so many images, and count the chance "
        "in images and in seeds. Metrics without an interval, tables of classes, confusions and "
        "galleries count each image once a repetition, as the model says that had not seen it; "
        "repetitions have all images in common, so there is no interval over them."
    )


def _range(bounds: Sequence[int]) -> str:
    """Return counts as ``80`` or ``80 to 81``."""
    return " to ".join(f"{bound:,}" for bound in dict.fromkeys(bounds))


def _one_run_each(entry: Mapping[str, Any]) -> str:
    """Say what the test images tell of two single runs, and nothing of the models."""
    (pair,) = entry["mcnemar"]
    return (
        f"Of the test images {pair['only_model']} are called right only by this run of "
        f"{entry['model']} and {pair['only_reference']} only by that of {entry['reference']} "
        f"(exact McNemar test, {_p(pair['p_value'])})."
    )


def _p(value: float) -> str:
    text = p_value(value)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def _gap(entry: Mapping[str, Any], models: Mapping[str, Any]) -> str:
    model, reference = entry["model"], entry["reference"]
    ours, theirs = (models[name]["metrics"]["accuracy_gap"]["mean"] for name in (model, reference))
    found = entry["accuracy_gap"]
    claim = {
        inference.BETTER: f"{model} narrowed the gap between training and test accuracy",
        inference.WORSE: f"{model} widened the gap between training and test accuracy",
        inference.NOT_SHOWN: "No change of the gap between training and test accuracy is shown",
        inference.TOO_FEW: "Too few seeds to say what became of the gap between training and "
        "test accuracy",
    }[found["verdict"]]
    sizes = [points(size).lstrip("+") for size in (ours, theirs)]
    text = f"{claim}: {sizes[0]} points against {sizes[1]}"
    if found["interval"]:
        low, high = (points(bound) for bound in found["interval"])
        text += f" (difference {points(found['difference'])}, interval {low} to {high})"
    return f"{text}."
