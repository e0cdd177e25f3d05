"""The report: everything on one page that needs no network."""

import copy
import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
import yaml
from markupsafe import Markup

from swatchbook import inference, provenance, sentences
from swatchbook.files import read_json, write_text
from swatchbook.names import (
    CHECK_FIGURES,
    EXPLORE_FIGURES,
    comparison_figures,
)

logger = logging.getLogger(__name__)

INK = "#1a1a1a"  # the figures' colour of text and axes

# Title, how to read it, and a text alternative's beginning, for each figure.
READING = {
    "learning_curves": (
        "Learning curves",
        "Solid lines are the validation images, dashed ones the training images as they were "
        "trained on (dropout on); a band reaches from the least to the greatest seed. A solid "
        "line that turns away from its dashed one is overfitting.",
    ),
    "accuracy": (
        "Test accuracy by seed",
        "A dot is one seed; the diamond is their mean and the line its interval. Where the "
        "dots of two models overlap, one run of each could have told the opposite story.",
    ),
    "class_f1": (
        "F1 by class",
        "The mark is the mean over seeds, the line reaches from the least to the greatest. "
        "Look for classes where one model's line lies clear of the other's.",
    ),
    "confusion_matrices": (
        "Confusion matrices",
        "Each row is a true class; the numbers say what per cent of its test images was "
        "called what, over all seeds. Off the diagonal are the confusions; below half a per "
        "cent nothing is written.",
    ),
    "reliability": (
        "Reliability",
        "Left: how often predictions are right, by how sure the model was of them; a model that is "
        "as often right as it is sure stays on the diagonal, one that is too sure lies below. "
        "Right: how many test images there are of each confidence, over all seeds. Dashed is "
        "before, solid after temperature scaling; dots of few images say little.",
    ),
    "right_and_wrong": (
        "Right and wrong",
        "Test images that each model's first seed gets right, and those that it gets wrong "
        "while being most sure of itself: true class, what it was called, and the probability "
        "given to that.",
    ),
    "differences": (
        "Where the models differ",
        "Test images that every seed of one model gets right and every seed of the other gets "
        "wrong.",
    ),
    "tutorial": (
        "Beside the tutorial",
        "The band reaches from the least to the greatest seed, the line in it is their mean; dots "
        "are what the tutorial printed of its one run. The test images were watched for this, "
        "after every epoch.",
    ),
    "class_balance": (
        "Class balance",
        "The bars of a class should be about equally long in all splits.",
    ),
    "samples_train": (
        "Training images",
        "The first images of each class.",
    ),
    "samples_validation": (
        "Validation images",
        "The first images of each class.",
    ),
    "samples_test": (
        "Test images",
        "The first images of each class.",
    ),
    "matrix": (
        "An image as numbers",
        "What the models are given for the first training image.",
    ),
    "twins": (
        "The closest pairs across splits",
        "Below each pair its two labels, its two splits and its relative distance: 0 is the same "
        "image, 1 is as far as images are that merely look alike. Look whether it is one "
        "photograph; then its test image tests nothing.",
    ),
    "label_suspects": (
        "Labels that look wrong",
        "Test images that every seed of every model calls the same other class: the label, what "
        "all call it, and the least probability that any gives to that. Look who is right, the "
        "label or the models.",
    ),
}


def write(
    results: str | Path, config: Mapping[str, Any], page: str | Path, output: str | Path
) -> None:
    """Write the report of everything in `results`.

    Parameters
    ----------
    results
        The folder with a folder a data set.
    config
        The checked configuration, with the data sets' files under ``specs``.
    page
        The folder of the template and the style sheet.
    output
        The file to write.
    """
    results, page = Path(results), Path(page)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(page),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = sentences.percent
    environment.filters["nats"] = sentences.nats
    environment.filters["interval"] = sentences.interval
    environment.filters["points"] = sentences.points
    environment.filters["p_value"] = sentences.p_value
    environment.globals["style"] = Markup((page / "style.css").read_text(encoding="utf-8"))
    shown = {key: value for key, value in config.items() if key != "specs"}
    comparisons = judged(
        read_json(results / name / "comparison.json") for name in config["datasets"]
    )
    datasets = [
        _dataset(results / name, config["specs"][name], comparison, config)
        for name, comparison in zip(config["datasets"], comparisons, strict=True)
    ]
    html = environment.get_template("report.html.j2").render(
        title=config["report"]["title"],
        notice=config["report"]["notice"],
        datasets=datasets,
        seeds=config["seeds"],
        epochs=config["training"]["epochs"],
        confidence=sentences.percent(config["comparison"]["confidence"], 0),
        power=sentences.percent(inference.POWER, 0),
        enough_seeds=inference.ENOUGH_SEEDS,
        configuration=yaml.safe_dump(shown, sort_keys=False, allow_unicode=True),
        versions=provenance.versions(),
        trained=_trained(datasets),
    )
    write_text(output, html)
    logger.info("wrote %s, %.1f MB", output, len(html.encode()) / 1e6)


def judged(comparisons: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return comparisons with their verdicts on accuracy as those of one report.

    Each difference of accuracy gets ``holm_p_value`` (``None`` for a single seed),
    ``holm_comparisons`` (how many p-values that allows for: all of the report's differences of
    accuracy) and the ``verdict`` that follows from them by `inference.verdict`.

    Parameters
    ----------
    comparisons
        The content of ``comparison.json`` of each data set.
    """
    result = [copy.deepcopy(dict(comparison)) for comparison in comparisons]
    found = [
        (comparison, entry["accuracy"])
        for comparison in result
        for entry in comparison["differences"]
    ]
    adjusted = inference.holm([accuracy["p_value"] for _, accuracy in found])
    for (comparison, accuracy), p_value in zip(found, adjusted, strict=True):
        accuracy["holm_p_value"] = p_value
        accuracy["holm_comparisons"] = sum(value is not None for value in adjusted)
        accuracy["verdict"] = inference.verdict(
            accuracy["difference"], p_value, len(comparison["seeds"]), comparison["confidence"]
        )
    return result


def _dataset(
    folder: Path, spec: Mapping[str, Any], comparison: Mapping[str, Any], config: Mapping[str, Any]
) -> dict[str, Any]:
    """Gather what the page shows of one data set."""
    name = folder.name
    models = list(config["models"])
    runs = [
        {
            "model": model,
            "seed": seed,
            "run": read_json(folder / model / f"seed-{seed}/run.json"),
            "accuracy": comparison["models"][model]["metrics"]["accuracy"]["per_seed"][place],
            "wilson": comparison["models"][model]["wilson"][place],
        }
        for model in models
        for place, seed in enumerate(config["seeds"])
    ]
    return {
        "name": name,
        "spec": spec,
        "comparison": comparison,
        "answers": sentences.answers(spec["title"], comparison),
        "explored": read_json(folder / "explore" / "summary.json"),
        "receipts": [read_json(folder / "download" / f"{file}.json") for file in spec["files"]],
        "models": _figures(folder / "figures", name, comparison_figures(config["training"])),
        "data": _figures(folder / "explore", name, EXPLORE_FIGURES),
        "checks": _checks(folder / "checks", name),
        "reports": {model: mean_report(folder / model, config["seeds"]) for model in models},
        "runs": runs,
        "minutes": sum(run["run"]["seconds"] for run in runs) / 60,
    }


def _checks(folder: Path, dataset: str) -> dict[str, Any]:
    """Gather what the page shows of one data set's checks."""
    return {
        "found": read_json(folder / "summary.json"),
        "accuracy": read_json(folder / "accuracy_without_twins.json"),
        "suspects": len(pd.read_csv(folder / "label_suspects.csv")),
        "figures": _figures(folder, dataset, CHECK_FIGURES),
    }


def _figures(folder: Path, dataset: str, names: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {
            "id": f"dataset.{dataset}.{name}",
            "title": READING[name][0],
            "reading": READING[name][1],
            "file": f"{dataset}/{folder.name}/{name}.svg",
            "numbers": _numbers(folder, name),
            "svg": inline_svg(
                (folder / f"{name}.svg").read_text(encoding="utf-8"),
                f"dataset.{dataset}.{name}",
                READING[name][0],
            ),
        }
        for name in names
    ]


def _numbers(folder: Path, name: str) -> str | None:
    """Return the table of a figure's numbers as the page names it; ``None`` without one."""
    table = folder / f"{name}.csv"
    return f"{folder.parent.name}/{folder.name}/{name}.csv" if table.is_file() else None


def inline_svg(svg: str, prefix: str, label: str) -> Markup:
    """Return an SVG file of matplotlib's as an element of a page.

    Ids get a prefix, since two figures on one page may not share any; ink becomes the page's own
    colour, so that it can be read on dark ground too.
    """
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<[^>]*>", lambda tag: _adapted(tag[0], prefix), svg)
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'^<svg\b([^>]*?) width="[^"]*"', r"<svg\1", svg)
    svg = re.sub(r'^<svg\b([^>]*?) height="[^"]*"', r"<svg\1", svg)
    return Markup(re.sub("^<svg", f'<svg role="img" aria-label="{label}"', svg))


def _adapted(tag: str, prefix: str) -> str:
    # An image that is drawn twice has the same id twice, and nothing refers to it.
    tag = re.sub(r'^(<image\b.*?) id="[^"]*"', r"\1", tag, flags=re.DOTALL)
    tag = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}-\1"', tag)
    tag = re.sub(r'((?:xlink:)?href="|url\()#', rf"\1#{prefix}-", tag)
    return re.sub(INK, "currentColor", tag, flags=re.IGNORECASE)


def mean_report(folder: Path, seeds: Sequence[int]) -> list[dict[str, Any]]:
    """Return the classification report of one model: the mean over seeds, least and greatest F1."""
    tables = [
        pd.read_csv(folder / f"seed-{seed}" / "classification_report.csv", keep_default_na=False)
        for seed in seeds
    ]
    rows = []
    for number, name in enumerate(tables[0]["class"]):
        cells = [table.iloc[number] for table in tables]
        row: dict[str, Any] = {"class": name, "support": int(cells[0]["support"])}
        for column in ("precision", "recall", "f1-score"):
            values = pd.to_numeric(pd.Series([cell[column] for cell in cells]), errors="coerce")
            row[column] = None if values.isna().all() else float(values.mean())
            row[f"{column} range"] = (float(values.min()), float(values.max()))
        rows.append(row)
    return rows


def _trained(datasets: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Say when, on what and with what all models were trained."""
    runs = [entry["run"] for dataset in datasets for entry in dataset["runs"]]

    def distinct(values: Sequence[str]) -> str:
        return ", ".join(sorted(set(values)))

    return {
        "from": min(run["started"] for run in runs)[:10],
        "to": max(run["started"] for run in runs)[:10],
        "devices": distinct([f"{run['device']['kind']} ({run['device']['name']})" for run in runs]),
        "precisions": distinct([run["device"]["precision"] for run in runs]),
        "reasons": distinct([run["device"]["reason"] for run in runs]),
        "threads": distinct([str(run["device"]["threads"]) for run in runs]),
        "tensorflow": distinct([run["versions"]["tensorflow"] for run in runs]),
        "keras": distinct([run["versions"]["keras"] for run in runs]),
        "minutes": sum(run["seconds"] for run in runs) / 60,
        "count": len(runs),
    }
