"""What a model makes of images: probabilities, computed once and kept until they are evaluated."""

import hashlib
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from swatchbook.data import arrays
from swatchbook.data.normalisation import normalised
from swatchbook.data.splits import SPLITS
from swatchbook.files import digest, replacing
from swatchbook.progress import Progress
from swatchbook.training import devices
from swatchbook.training.views import VIEWS

logger = logging.getLogger(__name__)

BATCH = 500
Probabilities = Mapping[str, np.ndarray]


def of_splits(model: Any, images: Mapping[str, np.ndarray]) -> Probabilities:
    """Return a model's probabilities of the images of each split, dropout off.

    Images as `predictor` takes them; probabilities float32, shape (n, classes) each.
    """
    predict = predictor(model)
    return {split: predict(images[split], f"evaluate {split}") for split in SPLITS}


def leave(
    path: str | Path,
    probabilities: Probabilities,
    model_file: str | Path,
    arrays_folder: str | Path,
    seed: int,
) -> None:
    """Leave what a training, which has TensorFlow loaded, can tell its evaluation.

    Raises
    ------
    StorageError
        If it cannot be written.
    """
    with replacing(path) as temporary, temporary.open("wb") as file:
        key = np.array(_key(model_file, arrays_folder, seed))
        np.savez(file, allow_pickle=False, key=key, **probabilities)


def left(
    path: str | Path, model_file: str | Path, arrays_folder: str | Path, seed: int
) -> Probabilities | None:
    """Return what a training has left of this very model and these images; ``None`` without."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            if str(stored["key"]) == _key(model_file, arrays_folder, seed):
                return {split: stored[split] for split in SPLITS}
            logger.info("%s is not used: it is of another model or of other images", path)
    except FileNotFoundError:
        pass
    except Exception as error:  # zipfile and NumPy each raise what they stumble on
        logger.warning("%s is damaged and not used: %s", path, error)
    return None


def _key(model_file: str | Path, arrays_folder: str | Path, seed: int) -> str:
    """Return a SHA-256 over all that probabilities depend on, code and processor aside."""
    files = [model_file, *arrays.files_of_images(arrays_folder)]
    return hashlib.sha256(" ".join([str(seed), *map(digest, files)]).encode()).hexdigest()


def predictor(
    model: Any, views: Mapping[str, Mapping[str, Any]] | None = None
) -> Callable[[np.ndarray, str], np.ndarray]:
    """Return what takes images and the title of a progress bar and gives probabilities.

    The images are uint8 or float32 in [0, 1], shape (n, height, width, channels), the probabilities
    float32, shape (n, classes), dropout off.

    Parameters
    ----------
    views
        As for `evaluate`: what is averaged are logits.
    """
    tf = devices.import_tensorflow()
    image_shape, classes = model.input_shape[1:], model.output_shape[-1]

    def logits(batch: Any) -> Any:
        if not views:
            return model(batch, training=False)
        ((name, settings),) = views.items()
        seen = VIEWS[name](batch, **settings)
        return tf.add_n([weight * model(view, training=False) for weight, view in seen])

    @tf.function(
        input_signature=[tf.TensorSpec([None, *image_shape])], autograph=False, jit_compile=False
    )
    def probabilities(batch: Any) -> Any:
        return tf.nn.softmax(logits(batch))

    def predict(images: np.ndarray, title: str) -> np.ndarray:
        result = np.empty((len(images), classes), np.float32)
        with Progress(title, len(images), "image") as progress:
            for first in range(0, len(images), BATCH):
                batch = np.ascontiguousarray(normalised(images[first : first + BATCH]))
                result[first : first + BATCH] = probabilities(batch)
                progress.update(len(batch))
        return result

    return predict
