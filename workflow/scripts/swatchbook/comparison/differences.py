"""What is said of two models: their differences, and who is right where."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from swatchbook.comparison import inference, sequential
from swatchbook.comparison.metrics import METRICS
from swatchbook.comparison.runs import Runs


def between(
    model: Runs,
    reference: Runs,
    confidence: float,
    design: sequential.Design | None = None,
) -> dict[str, Any]:
    """Return an entry of ``differences`` in ``comparison.json``, all of it model minus reference.

    What its keys are stands at `side_by_side.compare`. With a sequential design, what is said of
    accuracy follows from its looks; the rest is as with a fixed number of seeds.
    """
    seeds = min(len(model.seeds), len(reference.seeds))
    measured = _measured_by_fold if model.crossed else _measured
    described = {
        name: _described(found, seeds, confidence, higher_is_better)
        for name, (found, higher_is_better) in measured(model, reference).items()
    }
    described["accuracy"] |= {"looks": None}
    if design:
        described["accuracy"] |= _looked_at(
            sequential.path(model.correct, reference.correct, design)
        )
    return {
        **described,
        "mcnemar": mcnemar(model, reference),
        "shares": shares(model, reference),
    }


def _measured(model: Runs, reference: Runs) -> dict[str, tuple[inference.Difference, bool]]:
    """Return each difference, and whether more is in the model's favour.

    Gaps are taken image by image too: a training figure, which is one a run, less or plus the
    score of each test image.
    """
    offsets = {
        name: [runs.per_seed("train", name) for runs in (model, reference)]
        for name in ("accuracy", "log_loss")
    }
    difference = inference.difference
    return {
        "accuracy": (
            difference(model.correct, reference.correct),
            METRICS["accuracy"].higher_is_better,
        ),
        "log_loss": (
            difference(model.losses, reference.losses),
            METRICS["log_loss"].higher_is_better,
        ),
        "accuracy_gap": (
            difference(-model.correct, -reference.correct, *offsets["accuracy"]),
            False,
        ),
        "log_loss_gap": (
            difference(model.losses, reference.losses, *(-o for o in offsets["log_loss"])),
            False,
        ),
    }


def _measured_by_fold(model: Runs, reference: Runs) -> dict[str, tuple[inference.Difference, bool]]:
    """Return the same of a cross-validation, from the runs' figures, paired by fold."""

    def of(runs: Runs, metric: str) -> dict[str, np.ndarray]:
        test, train = (runs.per_seed(split, metric) for split in ("test", "train"))
        return {"test": test, "gap": (train - test) * (1 if metric == "accuracy" else -1)}

    found = {}
    for metric in ("accuracy", "log_loss"):
        ours, theirs = of(model, metric), of(reference, metric)
        for part, name, higher_is_better in (
            ("test", metric, METRICS[metric].higher_is_better),
            ("gap", f"{metric}_gap", False),
        ):
            difference = inference.corrected_difference(ours[part], theirs[part], model.overlap)
            found[name] = (difference, higher_is_better)
    return found


def _described(
    found: inference.Difference, seeds: int, confidence: float, higher_is_better: bool
) -> dict[str, Any]:
    return {
        "difference": found.estimate,
        "standard_error": found.error,
        "degrees_of_freedom": found.freedom if math.isfinite(found.freedom) else None,
        "interval": found.interval(confidence),
        "p_value": found.p_value,
        "smallest_detectable": found.smallest_detectable(confidence),
        "verdict": inference.verdict(
            found.estimate, found.p_value, seeds, confidence, higher_is_better
        ),
    }


def _looked_at(looks: Sequence[sequential.Look]) -> dict[str, Any]:
    """Return what replaces the description of a fixed number of seeds."""
    decisive = sequential.decided(looks)
    return {
        "interval": looks[-1].interval,
        "p_value": None,
        "smallest_detectable": None,
        "verdict": decisive.verdict if decisive else sequential.UNDECIDED,
        "looks": [asdict(look) for look in looks],
    }


def shares(model: Runs, reference: Runs) -> dict[str, float]:
    """Return who is right, as shares of all pairs of a test image, a run and a reference's run.

    Of a cross-validation the runs of an image are those that tested it, one a repetition.
    """
    ours, theirs = model.correct[:, None], reference.correct[None, :]
    return {
        "both_right": float((ours + theirs == 2).mean()),
        "only_model": float((ours > theirs).mean()),
        "only_reference": float((ours < theirs).mean()),
        "neither": float((ours + theirs == 0).mean()),
    }


def mcnemar(model: Runs, reference: Runs) -> list[dict[str, Any]]:
    """Return the exact McNemar test of the two runs of each seed.

    It says whether these two runs differ on such images, not whether the models do: other seeds
    are other runs.
    """
    found = []
    runs = zip(model.seeds, model.correct_by_run, reference.correct_by_run, strict=True)
    for seed, ours, theirs in runs:
        only_model, only_reference = int((ours > theirs).sum()), int((ours < theirs).sum())
        found.append(
            {
                "seed": seed,
                "only_model": only_model,
                "only_reference": only_reference,
                "p_value": inference.mcnemar_exact(only_model, only_reference),
            }
        )
    return found
