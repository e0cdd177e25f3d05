"""PNG files to pixels."""

import struct
import zlib
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

import cv2
import numpy as np

from swatchbook.errors import DataError, first_ten
from swatchbook.progress import Progress

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOUR_TYPES = {1: 0, 3: 2}  # channels: the colour type in a PNG's header
COLOUR_NAMES = {0: "grey", 2: "RGB", 3: "palette", 4: "grey with alpha", 6: "RGB with alpha"}

T = TypeVar("T")

IMAGES_A_BATCH = 256
BATCHES_WAITING = 4

# OpenCV decodes one small image in about 30 µs: a thread pool of its own would only add overhead,
# and its complaints about damaged files are our messages.
cv2.setNumThreads(1)
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


def png_header(height: int, width: int, channels: int) -> bytes:
    """Return the first 26 bytes of a PNG with 8 bits a channel of this size."""
    ihdr = struct.pack(">I4sIIBB", 13, b"IHDR", width, height, 8, COLOUR_TYPES[channels])
    return PNG_SIGNATURE + ihdr


def why_not(content: bytes, height: int, width: int, channels: int) -> str | None:
    """Say why a PNG is not of the wanted kind, by its header alone; ``None`` if it is."""
    if not content:
        return "an empty file"
    if content[:8] != PNG_SIGNATURE or content[12:16] != b"IHDR" or len(content) < 33:
        return "not a PNG file"
    found_width, found_height, depth, colour = struct.unpack(">IIBB", content[16:26])
    if (found_height, found_width) != (height, width):
        return f"{found_width} × {found_height} pixels instead of {width} × {height}"
    if depth != 8:
        return f"{depth} bits a channel instead of 8"
    if colour != COLOUR_TYPES[channels]:
        wanted = COLOUR_NAMES[COLOUR_TYPES[channels]]
        return f"{COLOUR_NAMES.get(colour, f'colour type {colour}')} instead of {wanted}"
    return None


def decode_png(content: bytes, height: int, width: int, channels: int) -> np.ndarray:
    """Decode one PNG of 8 bits a channel.

    Returns
    -------
    numpy.ndarray
        uint8, shape (height, width, channels), RGB (OpenCV's BGR turned round) or grey.

    Raises
    ------
    ValueError
        If it is not a PNG of exactly that size, depth and kind of colour, or is damaged.
    """
    reason = why_not(content, height, width, channels)
    if reason is not None:
        raise ValueError(reason)
    _check_chunks(content)
    pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise ValueError("the PNG file is damaged")
    if pixels.size != height * width * channels:
        raise ValueError("a transparent colour in the PNG file")
    if channels == 1:
        return pixels.reshape(height, width, 1)
    return pixels[:, :, ::-1]


def _check_chunks(content: bytes) -> None:
    """Check every chunk's checksum, and that the last one ends the file.

    OpenCV refuses most of what is wrong too, but prints a line about it past every log.
    """
    position = len(PNG_SIGNATURE)
    kind = b""
    while kind != b"IEND":
        if position + 12 > len(content):
            raise ValueError("the PNG file ends too early")
        length, kind = struct.unpack_from(">I4s", content, position)
        end = position + 8 + length
        if end + 4 > len(content):
            raise ValueError("the PNG file ends too early")
        if zlib.crc32(content[position + 4 : end]) != int.from_bytes(content[end : end + 4]):
            raise ValueError("the PNG file is damaged")
        position = end + 4
    if position != len(content):
        raise ValueError(f"{len(content) - position} bytes after the end of the PNG file")


def decode_all(
    images: Iterable[tuple[str, bytes]],
    row_of: Mapping[str, int],
    pixels: np.ndarray,
    source: object,
    progress: Progress,
) -> None:
    """Decode PNGs as they come, in a second thread, into the rows of one array.

    OpenCV and the decompressor that yields `images` both release Python's global lock, so that
    images are decoded while the archive is still being read. Images go over in batches, since
    handing over each one would cost as much as decoding it, and few batches wait, so that memory
    stays bounded.

    Parameters
    ----------
    images
        Ids and contents.
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

    def decode_batch(batch: Sequence[tuple[str, bytes]]) -> None:
        for id_, content in batch:
            try:
                pixels[row_of[id_]] = decode_png(content, *pixels.shape[1:])
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


def encode_png(pixels: np.ndarray) -> bytes:
    """Encode an image as PNG.

    Parameters
    ----------
    pixels
        uint8, shape (height, width, channels), RGB or grey.
    """
    if pixels.shape[2] == 3:
        pixels = pixels[:, :, ::-1]
    return cv2.imencode(".png", pixels)[1].tobytes()
