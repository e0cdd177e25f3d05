"""PNG files to pixels, and back."""

import struct
import zlib

import cv2
import numpy as np

from swatchbook.data import pillow_images

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOUR_TYPES = {1: 0, 3: 2}  # channels: the colour type in a PNG's header
COLOUR_NAMES = {0: "grey", 2: "RGB", 3: "palette", 4: "grey with alpha", 6: "RGB with alpha"}


def why_not(content: bytes, height: int, width: int, channels: int) -> str | None:
    """Say why a PNG is not of the wanted kind, by its header alone; ``None`` if it is."""
    if not content:
        return "an empty file"
    if content[:8] != SIGNATURE or content[12:16] != b"IHDR" or len(content) < 33:
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


def decode(content: bytes, height: int, width: int, channels: int) -> np.ndarray:
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
    position = len(SIGNATURE)
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


def read(content: bytes) -> pillow_images.Raw:
    """Read a PNG of any kind, after its checksums."""
    if content[12:16] != b"IHDR" or len(content) < 33:
        raise ValueError("not a PNG file")
    _check_chunks(content)
    return pillow_images.read(content)


def encode(pixels: np.ndarray) -> bytes:
    """Encode an image as PNG.

    Parameters
    ----------
    pixels
        uint8, shape (height, width, channels), RGB or grey.
    """
    if pixels.shape[2] == 3:
        pixels = pixels[:, :, ::-1]
    return cv2.imencode(".png", pixels)[1].tobytes()
