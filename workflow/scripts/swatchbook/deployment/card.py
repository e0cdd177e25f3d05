"""The model card: what a model is, how good, and what it is not good for, for whoever gets it.

In the form of Hugging Face's model cards (https://huggingface.co/docs/hub/model-cards): Markdown
after metadata in YAML, in a file called README.md, so that its folder can be pushed to a hub as it
is. Every sentence follows by rule from a file of the results.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
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
    results, template = Path(results), Path(template)
    best = read_json(results / "best.json")
    run = {"model": best["model"], "seed": best["seed"]}
    folder = results / run["model"] / f"seed-{run['seed']}"
    sheet = read_json(results / "best" / "model.json")
    comparison = read_json(results / "comparison.json")
    of_model = comparison["models"][run["model"]]
    test = read_json(folder / "metrics.json")["test"]
    crossed = comparison.get("cross_validation")
    report = _report_out_of_fold(of_model, spec) if crossed else _report(folder, spec)
    checks = read_json(results / "checks" / "summary.json")
    twins = read_json(results / "checks" / "accuracy_without_twins.json")
    suspects = len(pd.read_csv(results / "checks" / "label_suspects.csv"))
    notes = read_json(results / "arrays" / "decoding.json")
    right = round(test["accuracy"] * test["images"])
    place = comparison["seeds"].index(run["seed"])
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(template.parent),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # Markdown; `_plain` takes out what would steer it
    )
    environment.filters |= {"percent": percent, "interval": interval}
    card = environment.get_template(template.name).render(
        metadata=yaml.safe_dump(
            _metadata(spec, run, test), sort_keys=False, allow_unicode=True, width=1000
        ),
        title=plain(spec["title"]),
        run=run,
        runs=len(best["runs"]),
        chosen_by=best["chosen_by"],
        image={"resize": "error"} | dict(spec["image"]),
        classes=spec["classes"],
        test_images=f"{test['images']:,}",
        confidence=confidence,
        accuracy={
            "this": test["accuracy"],
            "wilson": inference.wilson_interval(right, test["images"], confidence),
        },
        sheet=sheet,
        exports=read_json(results / "best" / "export.json")["formats"],
        spec={
            key: plain(value) if isinstance(value, str) else value for key, value in spec.items()
        },
        splits=_splits(checks, read_json(folder / "run.json")),
        decoded=[plain(line) for line in preparation.how_decoded(notes, spec["image"])],
        receipts=[
            read_json(results / "download" / f"{file}.json") for file in sorted(spec["files"])
        ],
        recipe=_recipe(models[run["model"]]["training"]),
        training=read_json(folder / "run.json"),
        seeds=len(comparison["seeds"]),
        crossed=crossed,
        images=f"{comparison['test_images']:,}",
        metrics=_metrics(test, of_model["metrics"]),
        worst=report.sort_values("f1", kind="stable").head(WORST).to_dict("records"),
        confused=_confused(folder, spec),
        calibration={
            "before": test["ece"],
            "after": of_model["scaling"]["metrics"]["ece"]["per_seed"][place]
            if of_model["scaling"]
            else None,
        }
        if not crossed
        else {
            "before": of_model["metrics"]["ece"]["mean"],
            "after": of_model["scaling"]["metrics"]["ece"]["mean"] if of_model["scaling"] else None,
        },
        warnings=_warnings(sheet, report, twins, run["model"], suspects, checks, crossed),
    )
    write_text(output, card)


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


def _metadata(
    spec: Mapping[str, Any], run: Mapping[str, Any], test: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what hubs read; the names are theirs."""
    measured = [
        {"type": "accuracy", "value": test["accuracy"], "name": "accuracy on the test images"},
        {"type": "f1", "value": test["macro_f1"], "name": "macro-F1 on the test images"},
    ]
    result = {
        "task": {"type": "image-classification", "name": "image classification"},
        "dataset": {"name": spec["title"], "type": "image-folder", "split": "test"},
        "metrics": measured,
    }
    return {
        "library_name": "keras",
        "pipeline_tag": "image-classification",
        "tags": ["image-classification", "onnx", "swatchbook"],
        "metrics": ["accuracy", "f1"],
        "model-index": [{"name": run["model"], "results": [result]}],
    }


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


def _splits(checks: Mapping[str, Any], run: Mapping[str, Any]) -> dict[str, int]:
    """Return how many images the model was trained on, and how many watched and tested it."""
    if "fold" in run:
        fold = run["fold"]
        return {
            "train": run["training_images"],
            "validation": fold["validation_images"],
            "test": fold["test_images"],
        }
    return {name: found["images"] for name, found in checks["balance"].items()}


def _confused(folder: Path, spec: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the largest confusions: the share of a true class that was called another."""
    counts = pd.read_csv(folder / "confusion_matrix.csv", index_col=0).to_numpy(float)
    totals = counts.sum(axis=1, keepdims=True)
    shares = counts / totals.clip(min=1)
    names = [plain(name) for name in spec["classes"]]
    pairs = [
        {"true": names[row], "called": names[column], "share": float(shares[row, column])}
        for row in range(len(names))
        for column in range(len(names))
        if row != column
    ]
    return sorted(pairs, key=lambda pair: -pair["share"])[:CONFUSED]


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
    return f"Training: {told}. All settings are in `run.json` of the run."


def _warnings(
    sheet: Mapping[str, Any],
    report: pd.DataFrame,
    twins: Mapping[str, Any],
    model: str,
    suspects: int,
    checks: Mapping[str, Any],
    crossed: Mapping[str, Any] | None,
) -> list[str]:
    """Say what the model must not be used for, as far as the data say."""
    told = [
        f"It knows {len(report)} classes and gives every image one of them, also an image of "
        "something else."
    ]
    if sheet["unlike"]:
        unlike = sheet["unlike"]
        told[0] += (
            f" `unlike` warns of some of those; it also calls {percent(unlike['test'])} of the "
            "test images so."
        )
    weak = report[report["f1"] < WEAK]["name"]
    if len(weak):
        told.append(f"Do not rely on it for {_some(list(weak))}: F1 below {WEAK}.")
    few = report[report["support"] < FEW]["name"]
    if len(few):
        told.append(f"Fewer than {FEW} test images say how good it is at {_some(list(few))}.")
    found = twins["models"][model]
    if found["without_twins"] and twins["twins"] >= max(1, LEAST_FLAWED * twins["test_images"]):
        told.append(
            f"{twins['twins']:,} of {twins['test_images']:,} test images have an exact or near "
            f"copy in training; without them the accuracy of its recipe is "
            f"{percent(found['without_twins']['mean'])} in place of "
            f"{percent(found['all']['mean'])} (mean over seeds)."
        )
    if suspects:
        told.append(f"{suspects:,} labels of the test images look wrong to all trained models.")
    if crossed:
        told.append(
            "It has not learnt from the images of its fold. A training on all images would "
            "probably be a little better, and nothing would be left to test it."
        )
    balance = checks["balance"]["train"]
    if balance["missing"] and not crossed:
        told.append(
            f"No training image shows {_some([plain(name) for name in balance['missing']])}."
        )
    told.append(
        "The test images come from the same source as those it was trained on. Nothing here says "
        "how it does on images of another camera, place or time."
    )
    return told


def _some(names: list[str], most: int = 10) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
