"""The page on which one tries a model: all in one file that needs no server and no network."""

import base64
import gzip
import hashlib
import logging
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
import numpy as np
from markupsafe import Markup

from swatchbook.data import arrays, png
from swatchbook.deployment import classification, data_sheet, nearest, runtimes, web_runtime
from swatchbook.deployment.data_sheet import DataSheet
from swatchbook.figures import sheet
from swatchbook.files import read_json, write_text

logger = logging.getLogger(__name__)

# In the order in which they build on each other.
SCRIPTS = ("pictures.js", "model.js", "drawing.js", "page.js")
STYLES = ("../report/base.css", "try.css")
EXAMPLES = 10
EXAMPLE_BYTES = 1_000_000  # of all of them together, before PNG makes them smaller
MIDDLE = 0.5  # of black and white
BLACK, WHITE = "#000000", "#ffffff"


class Example(NamedTuple):
    """A test image to try.

    Attributes
    ----------
    url
        Of a PNG with its exact pixels.
    label
        The name of its class.
    probabilities
        What the model says of it, calibrated, as onnxruntime computes it here.
    """

    url: str
    label: str
    probabilities: list[float]


class Thumbnails(NamedTuple):
    """The sheet of training images, and a thumbnail's height and width."""

    url: str
    height: int
    width: int


def write_try_page(
    best: str | Path,
    arrays_folder: str | Path,
    runtime: str | Path,
    page_folder: str | Path,
    output: str | Path,
    notices_output: str | Path,
) -> None:
    """Write the page of one exported model.

    Parameters
    ----------
    best
        The folder of the export, with ``model.onnx``, ``model.json`` and ``export.json``.
    arrays_folder
        Where the data set's arrays are, for images to compare with and to try.
    runtime
        The package of `web_runtime`.
    page_folder
        The folder of the template, the styles and the scripts; the report's is beside it.
    output
        The page to write.
    notices_output
        Where to write the licence of the runtime and of all that is compiled into it, which its
        package of npm lacks and that of Python has.

    Raises
    ------
    DataError, DownloadError, ExportError
        If one of these cannot be read or is not what it should be.
    """
    best, page_folder = Path(best), Path(page_folder)
    about, onnx = data_sheet.read(best)
    web = web_runtime.read(runtime)
    train, labels = arrays.load(arrays_folder, "train", about.seed, mapped=True)
    rows = nearest.chosen_rows(labels.argmax(axis=1), len(about.classes))
    compared = np.ascontiguousarray(train[rows])
    described = nearest.describe(onnx, compared)
    thumbnails, height, width = sheet.draw(list(compared))
    examples = _examples(arrays_folder, about, onnx)
    border = _border(compared)
    licence, notices = _licences()
    script = "\n".join([web.script, *(_text(page_folder / name) for name in SCRIPTS)])
    template = _environment(page_folder).get_template("try.html.j2")
    html = template.render(
        about=about,
        exported=read_json(best / "export.json"),
        images=len(train),
        compared=len(rows),
        features=described.features.shape[1],
        layer=described.layer,
        examples=examples,
        border=border,
        runtime=web_runtime,
        licence=licence,
        notices=Path(notices_output).name,
        style=Markup("".join(_text(page_folder / name) for name in STYLES)),
        script=Markup(script),
        script_hash=_policy_hash(script),
        thumbnails=Thumbnails(_data_url("image/webp", thumbnails), height, width),
        data=_scripted(about, border, labels[rows].argmax(axis=1), examples),
        packed={
            "binary": _packed(web.binary),
            "model": _packed(described.onnx),
            "features": _packed(described.features.tobytes()),
        },
    )
    write_text(notices_output, f"{licence}\n{notices}")
    write_text(output, html)
    logger.info("wrote %s, %.1f MB", output, len(html.encode()) / 1e6)


def _scripted(
    about: DataSheet, border: float, labels: np.ndarray, examples: Sequence[Example]
) -> dict[str, Any]:
    """Return what the page's script needs to know."""
    is_dark = border < MIDDLE
    return {
        "classes": list(about.classes),
        "image": dict(about.image),
        "temperature": about.temperature,
        "unlike": None if about.unlike is None else about.unlike.threshold,
        "ink": WHITE if is_dark else BLACK,
        "paper": BLACK if is_dark else WHITE,
        "labels": labels.tolist(),
        "columns": sheet.COLUMNS,
        "check": examples[0].probabilities,
    }


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _environment(folder: Path) -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _licences() -> tuple[str, str]:
    """Return onnxruntime's licence, and those of the libraries that it is built from."""
    folder = Path(find_spec("onnxruntime").origin).parent
    licence, notices = (
        (folder / name).read_text(encoding="utf-8-sig")
        for name in ("LICENSE", "ThirdPartyNotices.txt")
    )
    return licence, notices


def _policy_hash(script: str) -> str:
    """Return by what the page's policy knows the only script that may run."""
    return f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}"


def _packed(content: bytes) -> Markup:
    """Return bytes as text that a browser can unpack, the same for the same bytes."""
    return Markup(base64.b64encode(gzip.compress(content, 9, mtime=0)).decode())


def _data_url(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _border(images: np.ndarray) -> float:
    """Return the mean brightness of the outermost pixels of images, from 0 (black) to 1 (white)."""
    sides = (images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1])
    return float(np.mean([side.mean() for side in sides]))


def _examples(arrays_folder: str | Path, about: DataSheet, onnx: Path) -> list[Example]:
    """Return the first test image of each class, of as many classes as have room."""
    test, one_hot = arrays.load(arrays_folder, "test", about.seed, mapped=True)
    most = max(1, min(EXAMPLES, EXAMPLE_BYTES // int(np.prod(test.shape[1:]))))
    labels, rows = np.unique(one_hot.argmax(axis=1), return_index=True)
    images = np.ascontiguousarray(test[rows[:most]])
    session = runtimes.onnx_session(onnx, threads=1)
    (logits,) = session.run(["logits"], {"images": images})
    probabilities = classification.calibrated(logits, about.temperature)
    pixels = np.rint(images * 255).astype(np.uint8)
    return [
        Example(
            _data_url("image/png", png.encode(image)),
            about.classes[label],
            [round(float(value), 6) for value in said],
        )
        for image, label, said in zip(pixels, labels, probabilities, strict=False)
    ]
