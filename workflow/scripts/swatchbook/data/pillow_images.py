"""Image files of most formats to pixels, by Pillow."""

import io
import warnings
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

MOST_PIXELS = 100_000_000  # a photograph of 100 megapixels takes 300 MB
# Pillow's own limit only warns at first, and what it warns of beside it are files that it can read.
Image.MAX_IMAGE_PIXELS = None
warnings.filterwarnings("ignore", module="PIL")

# What Pillow calls the kinds of pixels, and what they are made into without a loss.
MODES = {
    "1": "L",
    "L": "L",
    "LA": "LA",
    "La": "LA",
    "RGB": "RGB",
    "RGBA": "RGBA",
    "RGBa": "RGBA",
    "RGBX": "RGB",
    "CMYK": "RGB",
    "YCbCr": "RGB",
}
DEEP = {"I;16", "I;16B", "I;16L", "I;16N"}
# Of colours with 16 bits Pillow reads the upper eight, and only its decoder's name says so.
DEEP_DECODERS = (";16B", ";16L", ";16N", ";16")


class Raw(NamedTuple):
    """An image as its file has it.

    Attributes
    ----------
    pixels
        uint8, shape (height, width, channels): grey, grey with alpha, RGB or RGB with alpha.
    depth
        Bits a channel in the file; of more than eight the upper eight are in `pixels`.
    """

    pixels: np.ndarray
    depth: int = 8


def read(content: bytes) -> Raw:
    """Read an image, or the first one of a file with several, and turn it as its EXIF tag says.

    Raises
    ------
    ValueError
        If it cannot be read, or has more than `MOST_PIXELS`, which is checked before decoding.
    """
    try:
        with Image.open(io.BytesIO(content)) as image:
            width, height = image.size
            if width * height > MOST_PIXELS:
                most = MOST_PIXELS // 10**6
                raise TooLarge(f"{width} × {height} pixels, and {most} million are read at most")
            depth = _depth(image)
            image.load()
            image = ImageOps.exif_transpose(image)
            return Raw(_pixels(image), depth)
    except TooLarge:
        raise
    except UnidentifiedImageError as error:
        raise ValueError("the file is damaged: its header cannot be read") from error
    except Exception as error:  # Pillow raises whatever a damaged file makes it stumble on
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(f"the file is damaged: {_shorter(reason)}") from error


class TooLarge(ValueError):
    """More pixels than are read."""


def _depth(image: Image.Image) -> int:
    if image.mode in DEEP:
        return 16
    if image.mode in ("I", "F"):
        raise ValueError(f"pixels of 32 bits ({'whole' if image.mode == 'I' else 'real'} numbers)")
    said = [tile.args if isinstance(tile.args, tuple) else (tile.args,) for tile in image.tile]
    names = [str(name) for names in said for name in names]
    return 16 if any(name.endswith(DEEP_DECODERS) for name in names) else 8


def _pixels(image: Image.Image) -> np.ndarray:
    """Return an opened image's pixels, of a palette its colours."""
    if image.mode in DEEP:
        return (np.asarray(image, np.uint16) >> 8).astype(np.uint8)[..., np.newaxis]
    if image.mode in ("P", "PA"):
        has_alpha = image.mode == "PA" or "transparency" in image.info
        image = image.convert("RGBA" if has_alpha else "RGB")
    elif "transparency" in image.info and image.mode in ("1", "L", "RGB"):
        image = image.convert("RGBA" if image.mode == "RGB" else "LA")
    if image.mode not in MODES:
        raise ValueError(f"pixels of the kind {image.mode}")
    pixels = np.asarray(image.convert(MODES[image.mode]))
    return pixels[..., np.newaxis] if pixels.ndim == 2 else pixels


def _shorter(text: str, most: int = 80) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
