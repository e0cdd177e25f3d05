"""The page: everything in one file that needs no network."""

import base64
import hashlib
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
import yaml
from markupsafe import Markup

from swatchbook import provenance
from swatchbook.comparison import inference, looks, metrics
from swatchbook.errors import first_ten
from swatchbook.figures import many_classes
from swatchbook.figures.colours import CLASS_COLOURS, MODEL_COLOURS, model_colours, model_turns
from swatchbook.files import read_json, write_text
from swatchbook.report import (
    cards,
    datasets,
    drawings,
    findings,
    headlines,
    inside,
    naming,
    sections,
    sentences,
    verdicts,
)
from swatchbook.report.datasets import DataSet
from swatchbook.report.thumbnails import Thumbnails

logger = logging.getLogger(__name__)

# In the order in which they run; the first one before anything is drawn.
SCRIPTS = ("first.js", "vendor/plot.min.js", "page.js", "inside.js", "charts.js")


def write_report(
    results: str | Path,
    config: Mapping[str, Any],
    page_folder: str | Path,
    published_folder: str | Path,
    output: str | Path,
    prefix: str = "results/",
) -> None:
    """Write the report of everything in `results`.

    Parameters
    ----------
    results
        The folder with a folder a data set.
    config
        The checked configuration, with the data sets' files under ``specs``.
    page_folder
        The folder of the templates, the style sheet, the script and the texts.
    published_folder
        Where the published figures are.
    output
        The file to write.
    prefix
        What Snakemake knows the files in `results` by, for the commands that make them again.
    """
    results, page_folder = Path(results), Path(page_folder)
    comparisons = verdicts.judged(
        read_json(results / name / "comparison.json") for name in config["datasets"]
    )
    reading = _read_yaml(page_folder / "reading.yaml")
    shown = [
        _dataset(
            datasets.read(results / name, config, comparison, published_folder, prefix), reading
        )
        for name, comparison in zip(config["datasets"], comparisons, strict=True)
    ]
    colours = model_colours(list(config["models"]))
    turns = model_turns(list(config["models"]))
    environment = _environment(page_folder)
    environment.filters["models_named"] = naming.in_colour(colours)
    environment.globals["coloured"] = lambda model, text: naming.named(
        text, colours[model], turns[model]
    )
    template = environment.get_template("report.html.j2")
    html = template.render(
        datasets=shown,
        tabs=sections.in_tabs(config),
        metrics=metrics.METRICS,
        many=many_classes.MANY,
        colours=colours,
        terms=_read_yaml(page_folder / "terms.yaml"),
        data={
            dataset["name"]: _scripted(dataset["gallery"], dataset["comparison"], colours)
            | {"sheets": {name: sheet["at"] for name, sheet in dataset["sheets"].items()}}
            for dataset in shown
        },
        numbers={
            "colours": list(colours.items()),
            "distinct": len(MODEL_COLOURS),
            "classColours": CLASS_COLOURS,
            "files": {dataset["name"]: dataset["numbers"] for dataset in shown},
        },
        versions=provenance.versions(),
        trained=_trained(shown),
        seeds=_seeds(shown),
        crossed=sum(bool(dataset["cross_validation"]) for dataset in shown),
        **_looks(page_folder),
        **_settings(config),
    )
    write_text(output, html)
    logger.info("wrote %s, %.1f MB", output, len(html.encode()) / 1e6)
    _tell(shown)


def _tell(shown: list[dict[str, Any]]) -> None:
    """Write the answers into the log: a run ends with them on the terminal (terminal/)."""
    for answer in (answer for dataset in shown for answer in dataset["card"]["answers"]):
        logger.info("verdict: %s", answer.claim)
    for dataset in shown:
        models = [
            f"{row['model']} {sentences.percent(row['mean'], 2)}"
            for row in dataset["card"]["models"][: cards.SHOWN]
        ]
        title = dataset["spec"]["title"]
        logger.info("accuracy: %s, test images right: %s", title, ", ".join(models))


def _environment(folder: Path) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in (
        "percent",
        "nats",
        "interval",
        "points",
        "p_value",
        "brief",
        "capital",
        "duration",
        "count",
    ):
        environment.filters[name] = getattr(sentences, name)
    environment.filters["first_ten"] = first_ten
    return environment


def _read_yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _looks(page_folder: Path) -> dict[str, Any]:
    """Return the page's style and script, and what its policy must name for no other to run."""
    scripts = [(page_folder / file).read_text(encoding="utf-8") for file in SCRIPTS]
    # base.css is that of the page for trying a model, too.
    style = [(page_folder / name).read_text(encoding="utf-8") for name in ("base.css", "style.css")]
    return {
        "style": Markup("".join(style)),
        "scripts": [Markup(script) for script in scripts],
        "script_hashes": [_hash_source(script) for script in scripts],
    }


def _hash_source(script: str) -> str:
    """Return the source expression of a content-security policy that lets this script run."""
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the page says of the configuration."""
    of_models = {name: model["training"] for name, model in config["models"].items()}
    trainings = list(of_models.values())
    return {
        "title": config["report"]["title"],
        "question": headlines.question(
            list(config["models"]),
            config["comparison"]["reference"],
            (config["ablation"] or {}).get("variants", ()),
        ),
        "notice": config["report"]["notice"],
        "sequential": looks.design(config),
        "epochs": _epochs(trainings),
        "begins": sentences.how_trainings_begin(of_models),
        "ends": sentences.how_trainings_end(of_models),
        "watched": any(training["watch_test"] for training in trainings),
        "views": " ".join(config["evaluation"]["views"] or ()).replace("_", " and "),
        "confidence": sentences.percent(config["comparison"]["confidence"], 0),
        "enough_seeds": inference.ENOUGH_SEEDS,
        "configuration": sentences.as_yaml(_as_written(config)),
    }


def _epochs(trainings: Sequence[Mapping[str, Any]]) -> str:
    """Say how many epochs the models were trained for."""
    counts = sorted({training["epochs"] for training in trainings})
    told = str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    if any(training["early_stopping"] for training in trainings):
        told = f"at most {counts[-1]}"
    return f"{told} epoch{'s' if counts != [1] else ''}"


def _as_written(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the configuration as somebody would write it.

    Without the models that an ablation has made, and of each model's training what is its own.
    """
    models = {}
    ablation = config["ablation"] or {}
    made = ablation.get("variants", {})
    for name, model in config["models"].items():
        if name in made:
            continue
        common = config["training"]
        own = {key: value for key, value in model["training"].items() if value != common.get(key)}
        models[name] = {"layers": model["layers"]} | ({"training": own} if own else {})
    left = ("specs", "ablation", "search")
    shown = {key: value for key, value in config.items() if key not in left}
    if ablation:
        own = ("base", "changes", "grid")
        shown["ablation"] = {key: ablation[key] for key in own if key in ablation}
    if search := config.get("search"):
        shown["search"] = {key: value for key, value in search.items() if key != "derived"}
    return {**shown, "models": models}


def _dataset(of: DataSet, reading: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Gather what the page shows of one data set."""
    return {
        "name": of.name,
        "spec": of.spec,
        "comparison": of.comparison,
        "metrics": _metrics(of.comparison),
        "card": cards.of_dataset(of),
        "findings": findings.of_dataset(
            of.comparison_in_detail,
            of.gallery,
            of.checks,
            any(training["watch_test"] for training in of.trainings),
        ),
        "cross_validation": sentences.cross_validation(of.comparison),
        "run": sentences.run_noun(of.comparison),
        "repetition": sentences.repetition_noun(of.comparison),
        "published": of.published,
        "titles": {name: text["title"] for name, text in reading.items()},
        "figures": _figures(of, reading),
        "numbers": drawings.numbers(of.figures, of.folder),
        "gallery": of.gallery,
        "thumbnails": Thumbnails(of.gallery, (of.folder / "gallery" / "sheet.webp").read_bytes()),
        "sheets": inside.sheets(of),
        "checks": of.checks,
        "own": {section.id: section.gather(of) for section in sections.shown(of.config)},
        "runs": of.runs(),
    }


def _metrics(comparison: Mapping[str, Any]) -> dict[str, metrics.Metric]:
    """Return the metrics that the models of a data set have."""
    (first, *_) = comparison["models"].values()
    return {name: metric for name, metric in metrics.METRICS.items() if name in first["metrics"]}


def _figures(
    of: DataSet, reading: Mapping[str, Mapping[str, str]]
) -> dict[str, list[dict[str, Any]]]:
    """Gather the figures of each section, without those that have nothing to show."""
    in_order = sorted(of.figures, key=lambda figure: not figure.is_first)
    return {
        section.id: [
            drawings.shown(
                figure, of.folder, of.spec["title"], _spoken(reading[figure.name], of.comparison)
            )
            for figure in in_order
            if figure.section == section.id and drawings.shows_something(figure, of.folder)
        ]
        for section in sections.shown(of.config)
    }


def _spoken(text: Mapping[str, str], comparison: Mapping[str, Any]) -> dict[str, str]:
    """Return the texts of a figure with the words for what its data set's runs are."""
    words = {
        "{run}": sentences.run_noun(comparison),
        "{repetition}": sentences.repetition_noun(comparison),
    }
    told = dict(text)
    for name, word in words.items():
        told = {key: value.replace(name, word) for key, value in told.items()}
    return told


def _scripted(
    gallery: Mapping[str, Any], comparison: Mapping[str, Any], colours: Mapping[str, str]
) -> dict[str, Any]:
    """Return what the page's script needs of a gallery, and of the models compared.

    ``ranked`` are the gallery's models, the most accurate first.
    """
    keys = ("models", "seeds", "classes", "columns", "rows", "cells")
    found = comparison["models"]
    accuracies = {model: found[model]["metrics"]["accuracy"]["mean"] for model in gallery["models"]}
    images = [{key: image[key] for key in ("id", "label", "models")} for image in gallery["images"]]
    return {
        **{key: gallery[key] for key in keys},
        "images": images,
        "reference": comparison["reference"],
        "colours": [colours[model] for model in gallery["models"]],
        "ranked": sorted(accuracies, key=lambda model: -accuracies[model]),
        "crossed": bool(comparison["cross_validation"]),
    }


def _seeds(datasets: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Say which seeds the models have, by data set where they are not the same."""
    of = {dataset["spec"]["title"]: dataset["comparison"]["seeds"] for dataset in datasets}
    told = {title: ", ".join(map(str, seeds)) for title, seeds in of.items()}
    if len(set(told.values())) > 1:
        text = "; ".join(f"{title}: {seeds}" for title, seeds in told.items())
    else:
        text = next(iter(told.values()))
    return {"counts": sorted({len(seeds) for seeds in of.values()}), "told": text}


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
