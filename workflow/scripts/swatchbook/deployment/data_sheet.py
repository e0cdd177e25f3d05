"""A model's data sheet, ``model.json``: what one must know to use the ONNX file beside it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from swatchbook.errors import DataError
from swatchbook.files import digest, write_json

NAME = "model.json"
ONNX = "model.onnx"
VERSION = 1  # of the sheet; one with another number is refused


@dataclass(frozen=True)
class Unlike:
    """When an image is unlike the training data.

    Attributes
    ----------
    threshold
        The energy above which it is, as `unlikeness.energy`.
    wanted
        The share of images like the training data that may be called unlike it.
    validation, test
        The shares of the validation and the test images that are.
    """

    threshold: float
    wanted: float
    validation: float
    test: float


@dataclass(frozen=True)
class DataSheet:
    """What ``model.json`` says.

    Attributes
    ----------
    title, dataset, model, seed
        The data set's title and name, the model's name and its seed.
    classes
        The class names, in the order of the outputs.
    image
        The block ``image`` of the data set's file.
    temperature
        By which logits are divided for calibrated probabilities; 1 where there are no validation
        images, which could tell.
    unlike
        ``None`` where there are no validation images.
    provenance
        The SHA-256 of ``model.keras`` and ``model.onnx``, and ``versions``.
    """

    title: str
    dataset: str
    model: str
    seed: int
    classes: Sequence[str]
    image: Mapping[str, Any]
    temperature: float
    unlike: Unlike | None
    provenance: Mapping[str, Any]


def write(sheet: DataSheet, path: str | Path) -> None:
    """Write a sheet as JSON."""
    write_json(path, {"version": VERSION, **asdict(sheet)})


def read(model: str | Path) -> tuple[DataSheet, Path]:
    """Read the data sheet of a model that somebody named.

    Parameters
    ----------
    model
        A folder with ``model.onnx`` and ``model.json``, or an ONNX file with the sheet beside it.

    Returns
    -------
    tuple
        The sheet, and the path of the ONNX file.

    Raises
    ------
    DataError
        If one of the two is not there or cannot be read, or they do not belong together.
    """
    onnx = Path(model)
    if onnx.is_dir():
        onnx /= ONNX
    path = onnx.with_name(NAME)
    for file in (onnx, path):
        if not file.is_file():
            raise DataError(
                "there is no such file",
                where=file,
                hint="name the folder of an export: snakemake export makes results/<data "
                "set>/best/",
            )
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        version = content.pop("version")
        if content["unlike"] is not None:
            content["unlike"] = Unlike(**content["unlike"])
        sheet = DataSheet(**content)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"no data sheet of a model: {error}", where=path, hint="export the model again"
        ) from error
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=path) from error
    if version != VERSION:
        raise DataError(
            f"of version {version}, and this Swatchbook reads {VERSION}",
            where=path,
            hint="export the model again",
        )
    if digest(onnx) != sheet.provenance.get(ONNX):
        raise DataError(
            f"is not the model that {NAME} beside it describes",
            where=onnx,
            hint="copy both files of the export together, or export the model again",
        )
    return sheet, onnx
