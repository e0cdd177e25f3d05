"""The parts of the report's page that take more than a template: drawings, matrices, thumbnails."""

import base64
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup, escape

from swatchbook.comparison.inference import t_interval
from swatchbook.report.sentences import percent, points

INK = "#1a1a1a"  # the figures' colour of text and axes
MAGNIFIED = 1.15  # a drawing's width on a wide page, of its own
CLICKABLE_CLASSES = 30  # with more, a matrix of buttons is no help: the drawing is shown
DEEP = 0.5  # shares above which a cell is dark enough for white text
NUMBERS = 32  # rows and columns of an image shown as numbers
LARGEST_CHANGE = 0.1  # the full colour of a matrix of differences


def inline_svg(svg: str, prefix: str, label: str) -> Markup:
    """Return an SVG file of matplotlib's as an element of a page.

    Ids get a prefix, since two figures on one page may not share any; ink becomes the page's own
    colour, so that it can be read on dark ground too.
    """
    svg = svg[svg.index("<svg") :]
    width = re.search(r'^<svg\b[^>]*? width="([0-9.]+)pt"', svg)
    svg = re.sub(r"<[^>]*>", lambda tag: _adapted(tag[0], prefix), svg)
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'^<svg\b([^>]*?) width="[^"]*"', r"<svg\1", svg)
    svg = re.sub(r'^<svg\b([^>]*?) height="[^"]*"', r"<svg\1", svg)
    style = f' style="max-width:{float(width[1]) * MAGNIFIED:.0f}pt"' if width else ""
    opening = f'<svg role="img" aria-label="{escape(label)}"{style}'
    return Markup(re.sub("^<svg", lambda _: opening, svg))


def _adapted(tag: str, prefix: str) -> str:
    # An image that is drawn twice has the same id twice, and nothing refers to it.
    tag = re.sub(r'^(<image\b.*?) id="[^"]*"', r"\1", tag, flags=re.DOTALL)
    tag = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}-\1"', tag)
    tag = re.sub(r'((?:xlink:)?href="|url\()#', rf"\1#{prefix}-", tag)
    return re.sub(INK, "currentColor", tag, flags=re.IGNORECASE)


def mean_report(folder: Path, seeds: Sequence[int], confidence: float) -> list[dict[str, Any]]:
    """Return the classification report of one model: means over seeds, and the interval of F1.

    Parameters
    ----------
    folder
        The model's folder, with ``seed-<seed>/classification_report.csv``.
    seeds
        Its seeds.
    confidence
        Of the interval, which is ``None`` for a single seed.
    """
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
        scores = pd.to_numeric(pd.Series([cell["f1-score"] for cell in cells])).to_numpy(float)
        bounds = t_interval(scores, confidence)
        row["interval"] = np.clip(bounds, 0, 1).tolist() if bounds else None
        rows.append(row)
    return rows


def matrices(gallery: Mapping[str, Any], reference: str) -> list[dict[str, Any]]:
    """Return the confusion matrices as cells to show, and the others' differences to `reference`.

    Parameters
    ----------
    gallery
        The content of ``gallery.json``.
    reference
        A model's name.

    Returns
    -------
    list of dict
        ``title``, ``model``, ``is_change``, ``rows``; nothing with too many classes to press.
    """
    classes = gallery["classes"]
    if len(classes) > CLICKABLE_CLASSES:
        return []
    shares = {}
    for model, rows in gallery["counts"].items():
        counts = np.array(rows)
        totals = counts.sum(axis=1, keepdims=True)
        shares[model] = np.divide(counts, totals, where=totals > 0, out=np.zeros(counts.shape))
    result = [
        {
            "title": model,
            "model": model,
            "is_change": False,
            "rows": [
                [
                    _cell(share)
                    | {"label": _label(classes, true, called, gallery["counts"][model][true])}
                    for called, share in enumerate(row)
                ]
                for true, row in enumerate(values.tolist())
            ],
        }
        for model, values in shares.items()
    ]
    for model, values in shares.items():
        if model != reference:
            change = (values - shares[reference]).tolist()
            result.append(
                {
                    "title": f"{model} − {reference}, in points",
                    "model": model,
                    "is_change": True,
                    "rows": [[_change(value) for value in row] for row in change],
                }
            )
    return result


def _cell(share: float) -> dict[str, Any]:
    text = f"{share * 100:.0f}" if round(share * 100) else ""
    return {"text": text, "shade": f"{share:.2f}", "deep": share > DEEP, "falls": False}


def _label(classes: Sequence[str], true: int, called: int, counts: Sequence[int]) -> str:
    count, total = counts[called], sum(counts)
    share = percent(count / total) if total else "–"
    return f"{classes[true]} called {classes[called]}: {share}, {count:,} of {total:,}"


def _change(value: float) -> dict[str, Any]:
    text = points(value, 0) if round(value * 100) else ""
    shade = min(1.0, abs(value) / LARGEST_CHANGE)
    return {"text": text, "shade": f"{shade:.2f}", "deep": False, "falls": value < 0}


def numbers(matrix: pd.DataFrame) -> dict[str, Any]:
    """Return the middle of an image as numbers to show.

    Parameters
    ----------
    matrix
        The content of ``matrix.csv``; its first channel is shown.

    Returns
    -------
    dict
        ``channel``, ``rows`` (the values) and ``is_part`` (whether there is more).
    """
    channel = matrix["channel"].iloc[0]
    values = matrix[matrix["channel"] == channel].drop(columns=["channel", "row"]).to_numpy(float)
    top, left = (max(0, (side - NUMBERS) // 2) for side in values.shape)
    part = values[top : top + NUMBERS, left : left + NUMBERS]
    return {"channel": channel, "rows": part.tolist(), "is_part": part.size < values.size}


class Sheet:
    """The thumbnails of one data set, as the page places and describes them.

    Parameters
    ----------
    gallery
        The content of ``gallery.json``.
    image
        The bytes of ``sheet.webp``.
    """

    def __init__(self, gallery: Mapping[str, Any], image: bytes):
        self.gallery = gallery
        self.url = f"data:image/webp;base64,{base64.b64encode(image).decode()}"

    def position(self, number: int) -> str:
        """Return a thumbnail's CSS background-position."""
        row, column = divmod(number, self.gallery["columns"])
        shares = zip((column, row), (self.gallery["columns"], self.gallery["rows"]), strict=True)
        return " ".join(f"{100 * at / (of - 1) if of > 1 else 0:.4f}%" for at, of in shares)

    def label(self, number: int) -> str:
        """Return an image's label."""
        return str(self.gallery["classes"][self.gallery["images"][number]["label"]])

    def classes_of(self, number: int) -> list[int]:
        """Return the classes that an image has to do with: its label, and what it is called."""
        image = self.gallery["images"][number]
        likeliest = (model["likeliest"][0][0] for model in image["models"])
        return sorted({image["label"], *likeliest})

    def called(self, entry: Mapping[str, Any], number: int) -> str:
        """Return what the model that a list is about calls an image, and how surely."""
        models = self.gallery["models"]
        about = entry["other"] or entry["model"] or models[0]
        known = self.gallery["images"][number]["models"][models.index(about)]
        name, probability = known["likeliest"][0]
        return f"{percent(probability, 0)} {self.gallery['classes'][name]}"

    def told(self, number: int) -> str:
        """Return a text alternative: the label, and what each model makes of it."""
        image, seeds = self.gallery["images"][number], len(self.gallery["seeds"])
        text = f"{self.label(number)}, id {image['id']}"
        for model, known in zip(self.gallery["models"], image["models"], strict=False):
            name, probability = known["likeliest"][0]
            called = f"{self.gallery['classes'][name]} {percent(probability, 0)}"
            text += f"; {model}: {called}, right in {known['right']} of {seeds} seeds"
        return text

    def title(self, entry: Mapping[str, Any]) -> str:
        """Return a list's title."""
        return {
            "right": f"Right: {entry['model']}",
            "wrong": f"Confidently wrong: {entry['model']}",
            "only": f"Only {entry['model']} is right, not {entry['other']}",
            "suspect": "Likely mislabelled",
        }[entry["kind"]]

    def explained(self, entry: Mapping[str, Any]) -> str:
        """Return which images a list is of, and how many there are."""
        count = f"{entry['of']:,} in all"
        if entry["of"] > len(entry["images"]):
            count += f", the first {len(entry['images'])} are shown"
        every = "its seed" if len(self.gallery["seeds"]) == 1 else "each of its seeds"
        return {
            "right": f"Called right by {every}; {count}.",
            "wrong": f"Called something else by {every}, the surest first; {count}.",
            "only": f"Called right by {every}, and wrong by the other’s, the surest of the wrong "
            f"first; {count}.",
            "suspect": f"Called the same other class by every model and seed, and surely; {count}.",
        }[entry["kind"]]
