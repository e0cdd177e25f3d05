"""The report: everything on one page that needs no network."""

import base64
import copy
import hashlib
import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
import yaml
from markupsafe import Markup

from swatchbook import provenance
from swatchbook.comparison import inference, published
from swatchbook.figures import catalogue
from swatchbook.figures.colours import model_colours
from swatchbook.files import read_json, write_text
from swatchbook.report import findings, page_parts, sentences

logger = logging.getLogger(__name__)


def write_report(
    results: str | Path,
    config: Mapping[str, Any],
    page_folder: str | Path,
    published_folder: str | Path,
    output: str | Path,
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
    """
    results, page_folder = Path(results), Path(page_folder)
    comparisons = judged(
        read_json(results / name / "comparison.json") for name in config["datasets"]
    )
    reading = _read_yaml(page_folder / "reading.yaml")
    datasets = [
        _dataset(results / name, config, comparison, reading, published_folder)
        for name, comparison in zip(config["datasets"], comparisons, strict=True)
    ]
    script = (page_folder / "page.js").read_text(encoding="utf-8")
    shown = {key: value for key, value in config.items() if key != "specs"}
    html = (
        _environment(page_folder)
        .get_template("report.html.j2")
        .render(
            title=config["report"]["title"],
            notice=config["report"]["notice"],
            style=Markup((page_folder / "style.css").read_text(encoding="utf-8")),
            script=Markup(script),
            script_hash=_script_hash(script),
            terms=_read_yaml(page_folder / "terms.yaml"),
            colours=model_colours(list(config["models"])),
            data={dataset["name"]: _scripted(dataset["gallery"]) for dataset in datasets},
            datasets=datasets,
            seeds=config["seeds"],
            epochs=config["training"]["epochs"],
            watched=config["training"]["watch_test"],
            confidence=sentences.percent(config["comparison"]["confidence"], 0),
            enough_seeds=inference.ENOUGH_SEEDS,
            configuration=yaml.safe_dump(shown, sort_keys=False, allow_unicode=True),
            versions=provenance.versions(),
            trained=_trained(datasets),
        )
    )
    write_text(output, html)
    logger.info("wrote %s, %.1f MB", output, len(html.encode()) / 1e6)


def _environment(folder: Path) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in ("percent", "nats", "interval", "points", "p_value"):
        environment.filters[name] = getattr(sentences, name)
    return environment


def _read_yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _script_hash(script: str) -> str:
    """Return what the page's policy must name for this script, and no other, to run."""
    return f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}"


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
    folder: Path,
    config: Mapping[str, Any],
    comparison: Mapping[str, Any],
    reading: Mapping[str, Mapping[str, str]],
    published_folder: str | Path,
) -> dict[str, Any]:
    """Gather what the page shows of one data set."""
    name, models = folder.name, list(config["models"])
    spec = config["specs"][name]
    gallery = read_json(folder / "gallery" / "gallery.json")
    checked = {
        "found": read_json(folder / "checks" / "summary.json"),
        "accuracy": read_json(folder / "checks" / "accuracy_without_twins.json"),
        "suspects": len(pd.read_csv(folder / "checks" / "label_suspects.csv")),
    }
    drawn = catalogue.drawn(config["training"]["watch_test"])
    figures: dict[str, list[dict[str, Any]]] = {}
    for figure in sorted(drawn, key=lambda one: not one.is_first):
        if figure.section:
            shown = _figure(folder / figure.folder, figure.name, spec, reading)
            figures.setdefault(figure.section, []).append(shown)
    return {
        "name": name,
        "spec": spec,
        "comparison": comparison,
        "answers": sentences.answers(spec["title"], comparison),
        "findings": findings.of_dataset(comparison, gallery, checked, config["training"]),
        "published": published.results(published_folder, name),
        "figures": figures,
        "matrices": page_parts.matrices(gallery, comparison["reference"]),
        "matrix_figure": figures["confusion"][0],
        "gallery": gallery,
        "sheet": page_parts.Sheet(gallery, (folder / "gallery" / "sheet.webp").read_bytes()),
        "numbers": page_parts.numbers(pd.read_csv(folder / "explore" / "matrix.csv")),
        "explored": read_json(folder / "explore" / "summary.json"),
        "receipts": [read_json(folder / "download" / f"{file}.json") for file in spec["files"]],
        "checks": checked,
        "reports": {
            model: page_parts.mean_report(folder / model, config["seeds"], comparison["confidence"])
            for model in models
        },
        "runs": _runs(folder, comparison, models, config["seeds"]),
        "provenance": _records(folder, drawn),
    }


def _runs(
    folder: Path, comparison: Mapping[str, Any], models: Sequence[str], seeds: Sequence[int]
) -> list[dict[str, Any]]:
    return [
        {
            "model": model,
            "seed": seed,
            "run": read_json(folder / model / f"seed-{seed}/run.json"),
            "accuracy": comparison["models"][model]["metrics"]["accuracy"]["per_seed"][place],
            "wilson": comparison["models"][model]["wilson"][place],
        }
        for model in models
        for place, seed in enumerate(seeds)
    ]


def _figure(
    folder: Path, name: str, spec: Mapping[str, Any], reading: Mapping[str, Mapping[str, str]]
) -> dict[str, Any]:
    """Gather what the page shows of one figure."""
    dataset, kind = folder.parent.name, folder.name
    text = reading[name]
    record = name if kind == "checks" else kind
    return {
        "id": f"figure.{dataset}.{name}",
        "title": text["title"],
        "label": f"{text['title']}, {spec['title']}",
        "reading": text["reading"],
        "file": f"{dataset}/{kind}/{name}.svg",
        "numbers": f"{dataset}/{kind}/{name}.csv",
        "made": f"provenance.{dataset}.{record}",
        "svg": page_parts.inline_svg(
            (folder / f"{name}.svg").read_text(encoding="utf-8"),
            f"figure.{dataset}.{name}",
            f"{text['title']}; the numbers are in {dataset}/{kind}/{name}.csv",
        ),
    }


def _records(folder: Path, drawn: Sequence[catalogue.Figure]) -> list[dict[str, Any]]:
    """Gather where one data set's figures came from."""
    files: dict[str, tuple[Path, list[str]]] = {}
    for figure in drawn:
        key = figure.folder if figure.record == "provenance" else figure.record
        path = folder / figure.folder / f"{figure.record}.json"
        files.setdefault(key, (path, []))[1].append(figure.name)
    files["gallery"] = (folder / "gallery" / "provenance.json", ["gallery"])
    result = []
    for key, (path, figures) in files.items():
        record = read_json(path)
        joined = "".join(f"{name} {digest}\n" for name, digest in record["inputs"].items())
        made = "gallery.json" if key == "gallery" else f"{figures[0]}.svg"
        target = f"results/{folder.name}/{path.parent.name}/{made}"
        result.append(
            {
                "id": f"provenance.{folder.name}.{key}",
                "figures": figures,
                "file": f"{folder.name}/{path.parent.name}/{path.name}",
                "rule": record["rule"],
                "inputs": record["inputs"],
                "digest": hashlib.sha256(joined.encode()).hexdigest(),
                "parameters": json.dumps(record["parameters"], ensure_ascii=False),
                "command": f"snakemake --cores 1 --forcerun {record['rule']} -- {target}",
            }
        )
    return result


def _scripted(gallery: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the page's script needs of a gallery."""
    keys = ("models", "seeds", "classes", "columns", "rows", "cells")
    images = [{key: image[key] for key in ("id", "label", "models")} for image in gallery["images"]]
    return {
        **{key: gallery[key] for key in keys},
        "images": images,
        "colours": list(model_colours(gallery["models"]).values()),
    }


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
