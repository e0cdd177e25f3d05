"""Image files to pixels, as they come out of an archive."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

import cv2
import numpy as np

from swatchbook.data.image_formats import Decode
from swatchbook.errors import DataError, first_ten
from swatchbook.progress import Progress

T = TypeVar("T")
Encoded = tuple[str, Decode, bytes]  # id, what decodes it, content

IMAGES_A_BATCH = 256
BATCHES_WAITING = 4

# OpenCV decodes one small image in about 30 µs: a thread pool of its own would only add overhead,
# and its complaints about damaged files are our messages.
cv2.setNumThreads(1)
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


def decode_all(
    images: Iterable[Encoded],
    row_of: Mapping[str, int],
    pixels: np.ndarray,
    source: object,
    progress: Progress,
) -> None:
    """Decode images as they come, in a second thread, into the rows of one array.

    OpenCV and the decompressor that yields `images` both release Python's global lock, so that
    images are decoded while the archive is still being read. Images go over in batches, since
    handing over each one would cost as much as decoding it, and few batches wait, so that memory
    stays bounded.

    Parameters
    ----------
    images
        For each its id, what decodes it, and its content.
    row_of
        The row of each id.
    pixels
        uint8, shape (N, height, width, channels): where the images go.
    source
        What they come from, for the message.
    progress
        Counts the images.

    Raises
    ------
    DataError
        After the last image, if any could not be decoded; it names the first ten ids, what is wrong
        with each, and their number.
    """
    problems: list[str] = []

    def decode_batch(batch: Sequence[Encoded]) -> None:
        for id_, decode, content in batch:
            try:
                pixels[row_of[id_]] = decode(content, *pixels.shape[1:])
            except (ValueError, cv2.error) as error:
                problems.append(f"{id_} ({error})")
        progress.update(len(batch))

    waiting: deque[Future[None]] = deque()
    with ThreadPoolExecutor(1) as second_thread:
        for batch in batched(images, IMAGES_A_BATCH):
            waiting.append(second_thread.submit(decode_batch, batch))
            if len(waiting) > BATCHES_WAITING:
                waiting.popleft().result()
        for decoded in waiting:
            decoded.result()
    if problems:
        raise DataError(f"images that cannot be used: {first_ten(problems)}", where=source)


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Cut an iterable into lists of `size` items; the last one may be shorter."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
