"""Image files to pixels, as they come out of an archive."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np

from swatchbook.data import pictures
from swatchbook.data.originals import Collector, Original
from swatchbook.progress import Progress

Encoded = tuple[str, bytes]  # id, content

IMAGES_A_BATCH = 256
BYTES_A_BATCH = 16 << 20
BATCHES_WAITING = 4

# OpenCV decodes one small image in about 30 µs: a thread pool of its own would only add overhead,
# and its complaints about damaged files are our messages.
cv2.setNumThreads(1)
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


@dataclass
class Seen:
    """What images were, and which could not be decoded.

    Attributes
    ----------
    problems
        By the id of an image what is wrong with it.
    formats, sizes, changes
        How many images had each format, each (height, width), and each change made to them.
    collector
        Has some of them as they came, where they are resized.
    """

    collector: Collector
    problems: dict[str, str] = field(default_factory=dict)
    formats: Counter[str] = field(default_factory=Counter)
    sizes: Counter[tuple[int, int]] = field(default_factory=Counter)
    changes: Counter[str] = field(default_factory=Counter)

    @property
    def originals(self) -> list[Original]:
        """Those of `collector` that are to be shown."""
        return self.collector.chosen(self.sizes)


def decode_all(
    images: Iterable[Encoded],
    row_of: Mapping[str, int],
    image: Mapping[str, Any],
    pixels: np.ndarray,
    progress: Progress,
) -> Seen:
    """Decode images as they come, in a second thread, into the rows of one array.

    OpenCV, Pillow and the decompressor that yields `images` all release Python's global lock, so
    that images are decoded while the archive is still being read. Images go over in batches, since
    handing over each one would cost as much as decoding it, and few batches of few bytes wait, so
    that memory stays bounded.

    Parameters
    ----------
    images
        For each its id and its content.
    row_of
        The row of each id.
    image
        What they are made into; see `pictures.read`.
    pixels
        uint8, shape (N, height, width, channels): where the images go. Rows of those that cannot be
        decoded stay as they are.
    progress
        Counts the images.
    """
    collector = Collector(image)
    seen = Seen(collector)

    def decode_batch(batch: Sequence[Encoded]) -> None:
        for id_, content in batch:
            row = row_of[id_]
            try:
                picture = pictures.read(content, image)
            except (ValueError, cv2.error) as error:
                seen.problems[id_] = str(error)
                continue
            pixels[row] = picture.pixels
            seen.formats[picture.format] += 1
            seen.sizes[picture.size] += 1
            seen.changes.update(picture.changes)
            if "resized" in picture.changes:
                collector.offer(id_, content, picture.size)
        progress.update(len(batch))

    waiting: deque[Future[None]] = deque()
    with ThreadPoolExecutor(1) as second_thread:
        for batch in batched(images):
            waiting.append(second_thread.submit(decode_batch, batch))
            if len(waiting) > BATCHES_WAITING:
                waiting.popleft().result()
        for decoded in waiting:
            decoded.result()
    return seen


def batched(images: Iterable[Encoded]) -> Iterator[list[Encoded]]:
    """Cut images into lists of `IMAGES_A_BATCH`, or of fewer that take `BYTES_A_BATCH`."""
    batch: list[Encoded] = []
    size = 0
    for image in images:
        batch.append(image)
        size += len(image[1])
        if len(batch) == IMAGES_A_BATCH or size >= BYTES_A_BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
