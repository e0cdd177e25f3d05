"""The model card: what a model is, how good, and what it is not good for, for whoever gets it.

In the form of Hugging Face's model cards (https://huggingface.co/docs/hub/model-cards): Markdown
after metadata in YAML, in a file called README.md, so that its folder can be pushed to a hub as it
is. Every sentence follows by rule from a file of the results.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pandas as pd
import yaml

from swatchbook.comparison import inference, metrics
from swatchbook.data import preparation
from swatchbook.files import read_json, write_text

WORST, CONFUSED = 5, 3
WEAK = 0.5  # F1, below which a class is warned of
FEW = 30  # test images of a class, below which its figures say little
LEAST_FLAWED = 0.001  # share of the test images with a copy in training that is worth a warning


def write_card(
    results: str | Path,
    spec: Mapping[str, Any],
    models: Mapping[str, Any],
    confidence: float,
    template: str | Path,
    output: str | Path,
) -> None:
    """Write the card of a data set's best model.

    Parameters
    ----------
    results
        The data set's folder, with ``best/``, ``best.json``, ``comparison.json``, ``checks/``,
        ``arrays/decoding.json``, ``download/`` and the runs.
    spec
        The data set's file.
    models
        The models of the configuration, each with its ``training``.
    confidence
        Of the intervals.
    template
        The card's template.
    output
        The file to write.
    """
    of = _read(Path(results), spec, models)
    write_text(
        output,
        _template(Path(template)).render(
            metadata=_metadata(of),
            title=plain(spec["title"]),
            confidence=confidence,
            **_model(of),
            **_data(of),
            **_quality(of, confidence),
            warnings=_warnings(of),
        ),
    )


@dataclass(frozen=True)
class _Best:
    """What the card is made from.

    Attributes
    ----------
    spec
        The data set's file.
    best
        The content of ``best.json``.
    training
        The model's training settings.
    sheet, exports
        The contents of ``best/model.json`` and ``best/export.json``.
    comparison
        The content of ``comparison.json``.
    run, test
        The contents of the run's ``run.json``, and of its ``metrics.json`` of the test images.
    report, confusion
        Precision, recall, F1 and images of each class; how often each was called which, shape
        (classes, classes).
    checks, twins, suspects
        The contents of ``checks/summary.json`` and ``checks/accuracy_without_twins.json``; how many
        labels look wrong.
    notes, receipts
        The contents of ``arrays/decoding.json`` and of ``download/``.
    """

    spec: Mapping[str, Any]
    best: Mapping[str, Any]
    training: Mapping[str, Any]
    sheet: Mapping[str, Any]
    exports: Mapping[str, Any]
    comparison: Mapping[str, Any]
    run: Mapping[str, Any]
    test: Mapping[str, Any]
    report: pd.DataFrame
    confusion: np.ndarray
    checks: Mapping[str, Any]
    twins: Mapping[str, Any]
    suspects: int
    notes: Mapping[str, Any]
    receipts: list[Mapping[str, Any]]

    @property
    def model(self) -> str:
        return self.best["model"]

    @property
    def crossed(self) -> Mapping[str, Any] | None:
        """What the comparison says of a cross-validation, if there was one."""
        return self.comparison.get("cross_validation")

    @property
    def of_recipe(self) -> Mapping[str, Any]:
        """What the comparison says of the model, over all seeds."""
        return self.comparison["models"][self.model]

    @property
    def names(self) -> list[str]:
        """The classes, as Markdown may have them."""
        return [plain(name) for name in self.spec["classes"]]


def _read(results: Path, spec: Mapping[str, Any], models: Mapping[str, Any]) -> _Best:
    """Read what the results say of the best run."""
    best = read_json(results / "best.json")
    run = results / best["model"] / f"seed-{best['seed']}"
    checks = results / "checks"
    comparison = read_json(results / "comparison.json")
    report = _report(run, spec)
    if "cross_validation" in comparison:
        report = _report_out_of_fold(comparison["models"][best["model"]], spec)
    return _Best(
        spec=spec,
        best=best,
        training=models[best["model"]]["training"],
        sheet=read_json(results / "best" / "model.json"),
        exports=read_json(results / "best" / "export.json"),
        comparison=comparison,
        run=read_json(run / "run.json"),
        test=read_json(run / "metrics.json")["test"],
        report=report,
        confusion=pd.read_csv(run / "confusion_matrix.csv", index_col=0).to_numpy(float),
        checks=read_json(checks / "summary.json"),
        twins=read_json(checks / "accuracy_without_twins.json"),
        suspects=len(pd.read_csv(checks / "label_suspects.csv")),
        notes=read_json(results / "arrays" / "decoding.json"),
        receipts=[
            read_json(results / "download" / f"{name}.json") for name in sorted(spec["files"])
        ],
    )


def _template(path: Path) -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(path.parent),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # Markdown; `plain` takes out what would steer it
    )
    environment.filters |= {"percent": percent, "interval": interval}
    return environment.get_template(path.name)


def _model(of: _Best) -> dict[str, Any]:
    """Return what is said of which model it is, and how to use it."""
    return {
        "run": {"model": of.model, "seed": of.best["seed"]},
        "runs": len(of.best["runs"]),
        "chosen_by": of.best["chosen_by"],
        "image": {"resize": "error"} | dict(of.spec["image"]),
        "classes": of.spec["classes"],
        "sheet": of.sheet,
        "exports": of.exports["formats"],
    }


def _data(of: _Best) -> dict[str, Any]:
    """Return what is said of what the model was trained on, and how."""
    return {
        "spec": {
            key: plain(value) if isinstance(value, str) else value for key, value in of.spec.items()
        },
        "splits": _splits(of),
        "decoded": [plain(line) for line in preparation.how_decoded(of.notes, of.spec["image"])],
        "receipts": of.receipts,
        "recipe": _recipe(of.training),
        "training": of.run,
    }


def _quality(of: _Best, confidence: float) -> dict[str, Any]:
    """Return what is said of how good the model is."""
    right = round(of.test["accuracy"] * of.test["images"])
    return {
        "test_images": f"{of.test['images']:,}",
        "accuracy": {
            "this": of.test["accuracy"],
            "wilson": inference.wilson_interval(right, of.test["images"], confidence),
        },
        "seeds": len(of.comparison["seeds"]),
        "crossed": of.crossed,
        "images": f"{of.comparison['test_images']:,}",
        "metrics": _metrics(of.test, of.of_recipe["metrics"]),
        "worst": _worst(of, confidence),
        "confused": _confused(of),
        "calibration": _calibration(of),
    }


def _calibration(of: _Best) -> dict[str, float | None]:
    """Return the error of calibration before and after scaling; over all folds where there are."""
    before, scaling = of.test["ece"], of.of_recipe["scaling"]
    after = scaling["metrics"]["ece"] if scaling else None
    if of.crossed:
        before = of.of_recipe["metrics"]["ece"]["mean"]
        return {"before": before, "after": after["mean"] if after else None}
    place = of.comparison["seeds"].index(of.best["seed"])
    return {"before": before, "after": after["per_seed"][place] if after else None}


def percent(share: float, digits: int = 1) -> str:
    """Return a share as per cent."""
    return f"{100 * share:.{digits}f} %"


def interval(bounds: list[float]) -> str:
    """Return an interval of shares as per cent."""
    return " to ".join(percent(bound) for bound in bounds)


def plain(text: str) -> str:
    """Return a text on one line, without what Markdown or HTML would take for its own."""
    told = " ".join(text.split())
    return "".join(f"\\{sign}" if sign in "\\`*_[]<>|#" else sign for sign in told)


def _metadata(of: _Best) -> str:
    """Return what hubs read, as YAML; the names are theirs."""
    measured = [
        {"type": "accuracy", "value": of.test["accuracy"], "name": "accuracy on the test images"},
        {"type": "f1", "value": of.test["macro_f1"], "name": "macro-F1 on the test images"},
    ]
    result = {
        "task": {"type": "image-classification", "name": "image classification"},
        "dataset": {"name": of.spec["title"], "type": "image-folder", "split": "test"},
        "metrics": measured,
    }
    told = {
        "library_name": "keras",
        "pipeline_tag": "image-classification",
        "tags": ["image-classification", "onnx", "swatchbook"],
        "metrics": ["accuracy", "f1"],
        "model-index": [{"name": of.model, "results": [result]}],
    }
    return yaml.safe_dump(told, sort_keys=False, allow_unicode=True, width=1000)


def _report(folder: Path, spec: Mapping[str, Any]) -> pd.DataFrame:
    """Return precision, recall, F1 and the number of test images of each class."""
    table = pd.read_csv(folder / "classification_report.csv").head(len(spec["classes"]))
    table = table.rename(columns={"f1-score": "f1"})
    return table.assign(name=[plain(name) for name in spec["classes"]])


def _report_out_of_fold(of_model: Mapping[str, Any], spec: Mapping[str, Any]) -> pd.DataFrame:
    """Return the same of a cross-validation: of all images, as runs say that had not seen them."""
    table = pd.DataFrame(of_model["classes"]).head(len(spec["classes"]))
    table = table.rename(columns={"f1-score": "f1"})
    return table.assign(name=[plain(name) for name in spec["classes"]])


def _splits(of: _Best) -> dict[str, int]:
    """Return how many images the model was trained on, and how many watched and tested it."""
    if "fold" in of.run:
        return {
            "train": of.run["training_images"],
            "validation": of.run["fold"]["validation_images"],
            "test": of.run["fold"]["test_images"],
        }
    return {name: found["images"] for name, found in of.checks["balance"].items()}


def _worst(of: _Best, confidence: float) -> list[dict[str, Any]]:
    """Return the classes with the lowest F1, of those with images, with intervals over these.

    Without of a cross-validation, whose runs have training images in common.
    """
    tested = of.report[of.report["support"] > 0]
    rows = tested.sort_values("f1", kind="stable").head(WORST)
    if of.crossed:
        without = dict.fromkeys(("recall_interval", "precision_interval"))
        return [row | without for row in rows.to_dict("records")]
    right, called = np.diagonal(of.confusion), of.confusion.sum(axis=0)
    return [
        row
        | {
            "recall_interval": _wilson(right[place], row["support"], confidence),
            "precision_interval": _wilson(right[place], called[place], confidence),
        }
        for place, row in zip(rows.index, rows.to_dict("records"), strict=True)
    ]


def _wilson(right: float, images: float, confidence: float) -> list[float] | None:
    return inference.wilson_interval(right, images, confidence) if images else None


def _confused(of: _Best) -> list[dict[str, Any]]:
    """Return the largest confusions: the share of a true class that was called another."""
    shares = of.confusion / of.confusion.sum(axis=1, keepdims=True).clip(min=1)
    np.fill_diagonal(shares, -1)
    largest = np.argsort(-shares.ravel(), kind="stable")[:CONFUSED]
    pairs = [divmod(int(place), len(shares)) for place in largest]
    return [
        {"true": of.names[true], "called": of.names[called], "share": float(shares[true, called])}
        for true, called in pairs
        if true != called
    ]


def _metrics(test: Mapping[str, Any], of_model: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return each metric of this model and over the seeds of its recipe."""
    rows = []
    for name, metric in metrics.METRICS.items():
        if name in test and name in of_model:
            shown = percent if metric.is_share else "{:.3f}".format
            bounds = of_model[name]["interval"]
            rows.append(
                {
                    "title": metric.title,
                    "this": shown(test[name]),
                    "mean": shown(of_model[name]["mean"]),
                    "interval": " to ".join(map(shown, bounds)) if bounds else "",
                }
            )
    return rows


def _recipe(training: Mapping[str, Any]) -> str:
    """Say by what a model was trained."""
    (optimizer,) = training["optimizer"]
    told = f"{training['epochs']:g} epochs of {optimizer}, batches of {training['batch_size']}"
    rate = training["learning_rate"]
    told += f", learning rate {rate:g}" if isinstance(rate, float | int) else ", a schedule"
    if training["augmentation"]:
        names = ", ".join(next(iter(step)).replace("_", " ") for step in training["augmentation"])
        told += f"; augmentation: {names}"
    if training["start_from"]:
        told += f"; begun with the weights of `{Path(training['start_from']['file']).name}`"
    if training["class_weights"] or training.get("sampling"):
        told += f"; classes balanced by {'sampling' if training.get('sampling') else 'weights'}"
    return f"Training: {told}. All settings are in `run.json` of the run."


def _warnings(of: _Best) -> list[str]:
    """Say what the model must not be used for, as far as the data say."""
    return [
        *_of_strangers(of),
        *_of_classes(of.report),
        *_of_leaks(of),
        *_of_labels(of),
        "The test images come from the same source as those it was trained on. Nothing here says "
        "how it does on images of another camera, place or time.",
    ]


def _of_strangers(of: _Best) -> Iterator[str]:
    told = (
        f"It knows {len(of.report)} classes and gives every image one of them, also an image of "
        "something else."
    )
    if of.sheet["unlike"]:
        told += (
            f" `unlike` warns of some of those; it also calls "
            f"{percent(of.sheet['unlike']['test'])} of the test images so."
        )
    yield told


def _of_classes(report: pd.DataFrame) -> Iterator[str]:
    tested = report[report["support"] > 0]
    weak = tested[tested["f1"] < WEAK]["name"]
    if len(weak):
        yield f"Do not rely on it for {_some(list(weak))}: F1 below {WEAK}."
    untested = report[report["support"] == 0]["name"]
    if len(untested):
        yield f"No test image shows {_some(list(untested))}: nothing says how good it is at them."
    few = tested[tested["support"] < FEW]["name"]
    if len(few):
        yield f"Fewer than {FEW} test images say how good it is at {_some(list(few))}."


def _of_leaks(of: _Best) -> Iterator[str]:
    twins = of.twins
    found = twins["models"][of.model]
    if found["without_twins"] and twins["twins"] >= max(1, LEAST_FLAWED * twins["test_images"]):
        yield (
            f"{twins['twins']:,} of {twins['test_images']:,} test images have an exact or near "
            f"copy in training; without them the accuracy of its recipe is "
            f"{percent(found['without_twins']['mean'])} in place of "
            f"{percent(found['all']['mean'])} (mean over seeds)."
        )


def _of_labels(of: _Best) -> Iterator[str]:
    if of.suspects:
        yield f"{of.suspects:,} labels of the test images look wrong to all trained models."
    if of.crossed:
        yield (
            "It has not learnt from the images of its fold. A training on all images would "
            "probably be a little better, and nothing would be left to test it."
        )
        return
    missing = of.checks["balance"]["train"]["missing"]
    if missing:
        yield f"No training image shows {_some([plain(name) for name in missing])}."


def _some(names: list[str], most: int = 10) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
