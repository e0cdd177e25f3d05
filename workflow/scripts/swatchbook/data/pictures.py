"""One image file to pixels of the size and the colours that a data set has.

The only way from a file to an image, for training and for whoever uses a model later. By default a
file must be just what the data set says. ``image.resize`` and ``image.colour`` say what is done to
files of other sizes and colours.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import cv2
import numpy as np

from swatchbook.data import image_formats
from swatchbook.data.image_formats import FORMATS

COLOURS = {1: "grey", 2: "grey with alpha", 3: "RGB", 4: "RGB with alpha"}
BLACK = (0, 0, 0)
LUMA = (0.299, 0.587, 0.114)  # of red, green and blue: ITU-R BT.601, as JPEG has it


class Picture(NamedTuple):
    """An image, and what it was.

    Attributes
    ----------
    pixels
        uint8, shape (height, width, channels), RGB or grey.
    format
        Of the file.
    size
        Its height and width in the file, turned upright.
    changes
        What was done to it: "resized", "colours converted", "alpha laid on the background", "of
        more than 8 bits a channel".
    """

    pixels: np.ndarray
    format: str
    size: tuple[int, int]
    changes: tuple[str, ...] = ()


def decode(content: bytes, image: Mapping[str, Any]) -> np.ndarray:
    """Return the pixels of an image file; see `read`."""
    return read(content, image).pixels


def read(content: bytes, image: Mapping[str, Any]) -> Picture:
    """Decode an image file and make it what a data set has.

    Parameters
    ----------
    content
        The file.
    image
        ``height``, ``width`` and ``channels`` (3 for RGB, 1 for grey); ``resize``: ``error``
        (default: a file of another size is refused), ``fit`` (all of it, padded with the
        background), ``crop`` (its middle) or ``stretch``; ``colour``: ``error`` (default: a file of
        other colours or with more than 8 bits a channel is refused) or ``convert``;
        ``background``: ``#rrggbb``, what shows through transparent pixels and beside a fitted
        image, ``None`` for neither.

    Raises
    ------
    ValueError
        If it cannot be; its words are for the user.
    """
    height, width, channels = image["height"], image["width"], image["channels"]
    resize, colour = image.get("resize", "error"), image.get("colour", "error")
    name = image_formats.format_of(content)
    kind = FORMATS[name]
    if kind.exact and resize == "error" and colour == "error":
        return Picture(kind.exact(content, height, width, channels), name, (height, width))
    raw = kind.read(content)
    size = raw.pixels.shape[:2]
    changes = []
    if resize == "error" and size != (height, width):
        raise ValueError(f"{size[1]} × {size[0]} pixels instead of {width} × {height}")
    if raw.depth != 8:
        if colour == "error":
            raise ValueError(f"{raw.depth} bits a channel instead of 8")
        changes.append("of more than 8 bits a channel")
    pixels = raw.pixels
    found = pixels.shape[2]
    if found != channels and colour == "error":
        raise ValueError(f"{COLOURS[found]} instead of {COLOURS[channels]}")
    background = colour_of(image.get("background"))
    if found in (2, 4):
        if not (pixels[..., -1] == 255).all():
            if background is None:
                raise ValueError("transparent pixels, and no image.background to lay them on")
            changes.append("alpha laid on the background")
        pixels = _on_background(pixels, background or BLACK)
    if pixels.shape[2] != channels:
        pixels = _converted(pixels, channels)
        changes.append("colours converted")
    if size != (height, width):
        pixels = RESIZE[resize](pixels, height, width, background or BLACK)
        changes.append("resized")
    return Picture(pixels, name, size, tuple(changes))


def colour_of(text: str | None) -> tuple[int, int, int] | None:
    """Return red, green and blue of ``#rrggbb``; ``None`` of ``None``."""
    return None if text is None else tuple(bytes.fromhex(text.removeprefix("#")))


def _on_background(pixels: np.ndarray, background: tuple[int, int, int]) -> np.ndarray:
    """Lay grey or RGB with alpha on one colour, which must be grey for grey to stay grey."""
    colours, alpha = pixels[..., :-1], pixels[..., -1:].astype(np.float32) / 255
    if colours.shape[2] == 1 and len(set(background)) > 1:
        colours = np.repeat(colours, 3, axis=2)
    behind = np.array(background[: colours.shape[2]], np.float32)
    return np.rint(colours * alpha + behind * (1 - alpha)).astype(np.uint8)


def _converted(pixels: np.ndarray, channels: int) -> np.ndarray:
    if channels == 3:
        return np.repeat(pixels, 3, axis=2)
    return np.rint(pixels @ np.array(LUMA, np.float32)).astype(np.uint8)[..., np.newaxis]


def stretch(pixels: np.ndarray, height: int, width: int, background: Any = None) -> np.ndarray:
    """Scale an image to a size, whatever its shape: areas are averaged down, lines drawn up."""
    found = pixels.shape[:2]
    smaller = (min(found[0], height), min(found[1], width))
    if smaller != found:
        pixels = _scaled(pixels, *smaller, cv2.INTER_AREA)
    if smaller != (height, width):
        pixels = _scaled(pixels, height, width, cv2.INTER_LINEAR)
    return pixels


def _scaled(pixels: np.ndarray, height: int, width: int, how: int) -> np.ndarray:
    scaled = cv2.resize(np.ascontiguousarray(pixels), (width, height), interpolation=how)
    return scaled.reshape(height, width, pixels.shape[2])


def fit(pixels: np.ndarray, height: int, width: int, background: tuple[int, ...]) -> np.ndarray:
    """Scale all of an image into a size, in its middle, on a background."""
    inner = _inner(pixels.shape, min(height / pixels.shape[0], width / pixels.shape[1]))
    inner = min(inner[0], height), min(inner[1], width)
    scaled = stretch(pixels, *inner)
    channels = pixels.shape[2]
    behind = background if channels == 3 else (round(float(np.dot(LUMA, background))),)
    whole = np.empty((height, width, channels), np.uint8)
    whole[:] = behind
    top, left = (height - inner[0]) // 2, (width - inner[1]) // 2
    whole[top : top + inner[0], left : left + inner[1]] = scaled
    return whole


def crop(pixels: np.ndarray, height: int, width: int, background: Any = None) -> np.ndarray:
    """Take the largest part from the middle of an image that has the shape of a size; scale it."""
    scale = max(height / pixels.shape[0], width / pixels.shape[1])
    part = (
        min(pixels.shape[0], max(1, round(height / scale))),
        min(pixels.shape[1], max(1, round(width / scale))),
    )
    top, left = (pixels.shape[0] - part[0]) // 2, (pixels.shape[1] - part[1]) // 2
    return stretch(pixels[top : top + part[0], left : left + part[1]], height, width)


def _inner(shape: tuple[int, ...], scale: float) -> tuple[int, int]:
    return max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))


RESIZE = {"fit": fit, "crop": crop, "stretch": stretch}
