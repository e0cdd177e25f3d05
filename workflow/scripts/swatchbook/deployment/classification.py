"""Images to classes, in batches, by an exported model and its data sheet."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from swatchbook.data import pictures
from swatchbook.deployment import data_sheet, runtimes, unlikeness
from swatchbook.deployment.found_images import Found
from swatchbook.errors import DataError

BATCH = 256  # 3 MB of float32 for 32 x 32 RGB
BYTES_A_BATCH = 64 * 1024**2  # of images in float32, where they are large
NAMED = 3  # classes an image


class Row(NamedTuple):
    """What is said of one image.

    Attributes
    ----------
    image
        Its name, as `found_images.Found`.
    classes
        The most probable classes, the most probable first: three, or all where there are fewer.
    probabilities
        Of each of them, calibrated by the temperature.
    unlike
        Whether it is unlike the training data; ``None`` where nothing is known of that.
    """

    image: str
    classes: tuple[str, ...]
    probabilities: tuple[float, ...]
    unlike: bool | None


class Batch(NamedTuple):
    """Some images: those that were classified, and what is wrong with each of the others."""

    rows: list[Row]
    problems: list[str]


class Classifier:
    """An exported model, ready to be asked.

    Parameters
    ----------
    model
        As `data_sheet.read` takes it.
    threads
        CPU threads; 0 for as many as there are cores.

    Raises
    ------
    DataError, ExportError
        If it cannot be read.
    """

    def __init__(self, model: str | Path, threads: int = 0):
        self.sheet, onnx = data_sheet.read(model)
        self._session = runtimes.onnx_session(onnx, threads)
        image = self.sheet.image
        self.batch = max(
            1,
            min(BATCH, BYTES_A_BATCH // (4 * image["height"] * image["width"] * image["channels"])),
        )

    def classify(self, names: list[str], pixels: np.ndarray) -> list[Row]:
        """Say what some images are.

        Parameters
        ----------
        names
            Their names.
        pixels
            uint8, shape (n, height, width, channels).
        """
        images = np.divide(pixels, np.float32(255), dtype=np.float32)
        (logits,) = self._session.run(["logits"], {"images": images})
        probabilities = calibrated(logits, self.sheet.temperature)
        best = np.argsort(-probabilities, axis=1, kind="stable")[:, :NAMED]
        unlike: list[bool | None] = [None] * len(names)
        if self.sheet.unlike is not None:
            unlike = (unlikeness.energy(logits) > self.sheet.unlike.threshold).tolist()
        return [
            Row(
                name,
                tuple(self.sheet.classes[number] for number in best[row]),
                tuple(float(probabilities[row, number]) for number in best[row]),
                unlike[row],
            )
            for row, name in enumerate(names)
        ]


def calibrated(logits: np.ndarray, temperature: float) -> np.ndarray:
    """Return softmax(logits / T), float64, shape (n, classes).

    The same as `comparison.metrics.with_temperature`, which starts from probabilities, and whose
    imports take longer than a prediction.
    """
    scaled = logits.astype(np.float64) / temperature
    exponentials = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def classified(classifier: Classifier, images: Iterable[Found]) -> Iterator[Batch]:
    """Decode and classify images batch by batch, as they come.

    No more of them than a batch are in memory at a time.
    """
    waiting = iter(images)
    while some := list(islice(waiting, classifier.batch)):
        names, pixels, problems = [], [], []
        for image in some:
            if image.content is None:
                problems.append(image.problem)
                continue
            try:
                pixels.append(pictures.decode(image.content, classifier.sheet.image))
                names.append(image.name)
            except ValueError as error:
                told = DataError(str(error), where=image.name)
                problems.append(" ".join(str(told).split()))
        rows = classifier.classify(names, np.stack(pixels)) if names else []
        yield Batch(rows, problems)
