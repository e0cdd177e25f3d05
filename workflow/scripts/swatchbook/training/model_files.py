"""Trained models as files."""

import json
import re
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from swatchbook.errors import DataError
from swatchbook.files import replacing


def save(model: Any, path: str | Path) -> None:
    """Save a model as ``.keras``, so that equal models give equal files that Keras alone can read.

    Layers that compute what Keras's do in another way are saved as those of Keras.

    Keras stamps the time of saving into the archive and its metadata, and numbers what parts of a
    model share by addresses in memory; the times are taken out, and the numbers count from 0.
    """
    with tempfile.TemporaryDirectory() as folder, replacing(path) as unstamped:
        stamped = Path(folder) / "model.keras"
        model.save(stamped)
        with zipfile.ZipFile(stamped) as source, zipfile.ZipFile(unstamped, "w") as target:
            for name in sorted(source.namelist()):
                content = source.read(name)
                if name == "metadata.json":
                    metadata = json.loads(content)
                    del metadata["date_saved"]
                    content = json.dumps(metadata).encode()
                elif name == "config.json":
                    content = _renumbered(_of_keras_alone(content))
                target.writestr(zipfile.ZipInfo(name), content)


def _of_keras_alone(config: bytes) -> bytes:
    """Name Keras's class where one of this package, of the same name, stands for it."""

    def said(found: dict[str, Any]) -> dict[str, Any]:
        package, _, module = (found.get("module") or "").rpartition(".")
        if package != __package__:
            return found
        room = "initializers" if module == "initializers" else "layers"
        return found | {"module": f"keras.{room}", "registered_name": None}

    return json.dumps(json.loads(config, object_hook=said)).encode()


def _renumbered(config: bytes) -> bytes:
    """Number shared objects in the order in which they stand."""
    numbers: dict[bytes, int] = {}

    def number(found: re.Match[bytes]) -> bytes:
        return b"%b%d" % (found[1], numbers.setdefault(found[2], len(numbers)))

    return re.sub(rb'("shared_object_id": )(\d+)', number, config)


def load_weights(model: Any, path: str | Path) -> None:
    """Read the weights out of ``model.keras``, and nothing else of it.

    Raises
    ------
    DataError
        If they cannot be read, or are those of another model.
    """
    try:
        model.load_weights(path)
    except Exception as error:  # zipfile, h5py and Keras each raise what they stumble on
        raise DataError(
            f"the weights cannot be read: {' '.join(str(error).split()) or type(error).__name__}",
            where=path,
            hint="delete it and run again to train it anew",
        ) from error
