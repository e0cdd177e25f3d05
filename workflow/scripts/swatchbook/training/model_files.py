"""Trained models as files."""

import json
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from swatchbook.errors import DataError
from swatchbook.files import replacing


def save(model: Any, path: str | Path) -> None:
    """Save a model as ``.keras``, so that equal models give equal files.

    Keras stamps the time of saving into the archive and its metadata; both are taken out.
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
                target.writestr(zipfile.ZipInfo(name), content)


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
