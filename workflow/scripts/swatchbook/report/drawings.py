"""Figures as the page shows them: the drawing in the page's colours, with its words."""

import base64
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from markupsafe import Markup, escape

from swatchbook.figures.catalogue import Figure
from swatchbook.report import records
from swatchbook.report.thumbnails import as_url

INK = "#1a1a1a"  # the figures' colour of text and axes
LARGEST = 300_000  # characters of a CSV file that the page has in it
PNG = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=\s]+)")
QUALITY = 80  # of lossy WebP, 1 to 100
MAGNIFIED = 1.15  # a drawing's width on a wide page, of its own


def shown(figure: Figure, folder: Path, title: str, text: Mapping[str, str]) -> dict[str, Any]:
    """Gather what the page shows of one figure.

    Parameters
    ----------
    folder
        The data set's folder.
    title
        The data set's title.
    text
        The figure's ``title`` and ``reading``.
    """
    file = f"{figure.folder}/{figure.name}"
    id = f"figure.{folder.name}.{figure.name}"
    numbers = f"{folder.name}/{file}.csv"
    return {
        "name": figure.name,
        "id": id,
        "title": text["title"],
        "label": f"{text['title']}, {title}",
        "reading": text["reading"],
        "file": f"{folder.name}/{file}.svg",
        "numbers": numbers,
        "is_charted": figure.is_charted,
        "made": records.id_of(folder.name, figure.folder, figure.record),
        "svg": inline_svg(
            (folder / f"{file}.svg").read_text(encoding="utf-8"),
            id,
            f"{text['title']}; the numbers are in {numbers}",
        ),
    }


def shows_something(figure: Figure, folder: Path) -> bool:
    """Say whether a figure's table has a row, as that of pairs has not where there is no pair.

    A figure without a table shows what it shows.
    """
    table = folder / figure.folder / f"{figure.name}.csv"
    if not table.is_file():
        return True
    with table.open(encoding="utf-8") as file:
        next(file)
        return next(file, None) is not None


def numbers(figures: Iterable[Figure], folder: Path) -> dict[str, str]:
    """Return the CSV files of the figures that the page draws itself, as they are, by name.

    Those that are too large for a page are left out: there the drawing stays. So are those without
    a row, of which the page shows nothing.

    Parameters
    ----------
    folder
        The data set's folder.
    """
    charted = (
        figure for figure in figures if figure.is_charted and shows_something(figure, folder)
    )
    texts = {
        figure.name: (folder / figure.folder / f"{figure.name}.csv").read_text(encoding="utf-8")
        for figure in charted
    }
    return {name: text for name, text in texts.items() if len(text) <= LARGEST}


def inline_svg(svg: str, prefix: str, label: str) -> Markup:
    """Return an SVG file of matplotlib's as an element of a page.

    Ids get a prefix, since two figures on one page may not share any; ink becomes the page's own
    colour, so that it can be read on dark ground too. Pictures in it become lossy, as the page's
    other ones are: they were half of all drawings.
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
    if tag.startswith("<image"):
        tag = PNG.sub(_as_webp, tag)
    # An image that is drawn twice has the same id twice, and nothing refers to it.
    tag = re.sub(r'^(<image\b.*?) id="[^"]*"', r"\1", tag, flags=re.DOTALL)
    tag = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}-\1"', tag)
    tag = re.sub(r'((?:xlink:)?href="|url\()#', rf"\1#{prefix}-", tag)
    # A third of a drawing are names of fonts, in the place of which the page's own is as good, and
    # ids of groups, which nothing refers to.
    tag = re.sub(r"font-family: [^;\"]*; ?", "", tag)
    tag = re.sub(r'^<g id="[^"]*"', "<g", tag)
    return re.sub(INK, "currentColor", tag, flags=re.IGNORECASE)


def _as_webp(picture: re.Match[str]) -> str:
    """Return a picture as WebP, or as it is where it cannot be read."""
    png = np.frombuffer(base64.b64decode(picture[1]), np.uint8)
    pixels = cv2.imdecode(png, cv2.IMREAD_UNCHANGED)
    if pixels is None:
        return picture[0]
    _, webp = cv2.imencode(".webp", pixels, [cv2.IMWRITE_WEBP_QUALITY, QUALITY])
    return as_url(webp.tobytes())
