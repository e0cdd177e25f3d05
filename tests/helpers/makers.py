"""Small inputs for the tests: IDX files, PNG files, archives, label tables."""

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import py7zr
from backports import zstd

Members = Mapping[str, bytes]
TARS: Mapping[str, Callable[[bytes], bytes]] = {  # the endings, and what compresses
    "tar": bytes,
    "tar.gz": gzip.compress,
    "tar.bz2": bz2.compress,
    "tar.xz": lzma.compress,
    # With checksums, as the program zstd writes.
    "tar.zst": lambda content: zstd.compress(
        content, options={zstd.CompressionParameter.checksum_flag: 1}
    ),
}
LZMA2 = ({"id": py7zr.FILTER_LZMA2, "preset": 1},)


def idx_bytes(values: np.ndarray) -> bytes:
    """Return an IDX file of unsigned bytes."""
    header = struct.pack(">HBB", 0, 8, values.ndim)
    return header + struct.pack(f">{values.ndim}I", *values.shape) + values.tobytes()


def write_idx(path: Path, values: np.ndarray) -> Path:
    """Write an IDX file, compressed if its name ends in ``.gz``."""
    content = idx_bytes(values)
    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)
    return path


def chunk(kind: bytes, content: bytes) -> bytes:
    """Return one chunk of a PNG file."""
    crc = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", crc)


def raw_png(width: int, height: int, depth: int, colour: int, row: bytes, *extra: bytes) -> bytes:
    """Return a PNG file written by hand; every pixel row is `row`, `extra` are more chunks."""
    ihdr = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    rows = zlib.compress((b"\0" + row) * height)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", ihdr),
            *extra,
            chunk(b"IDAT", rows),
            chunk(b"IEND", b""),
        )
    )


def png(pixels: np.ndarray) -> bytes:
    """Return RGB or grey pixels, uint8 (height, width, channels), as a PNG file."""
    if pixels.shape[2] == 3:
        pixels = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    return cv2.imencode(".png", pixels)[1].tobytes()


def random_images(count: int, height: int = 4, width: int = 5, channels: int = 3) -> np.ndarray:
    """Return random images, uint8 (count, height, width, channels)."""
    shape = (count, height, width, channels)
    return np.random.default_rng(count).integers(0, 256, shape, np.uint8)


def scenes(count: int = 40, side: int = 32, channels: int = 3, seed: int = 0) -> np.ndarray:
    """Return images that have structure at all scales, as photographs do, and nothing in common."""
    generator = np.random.default_rng(seed)
    result = np.empty((count, side, side, channels), np.uint8)
    for image in result:
        layers = [
            cv2.GaussianBlur(generator.normal(size=image.shape), (0, 0), blur) * blur**1.5
            for blur in (1, 2, 4)
        ]
        layer = np.reshape(sum(layer.reshape(image.shape) for layer in layers), image.shape)
        image[:] = np.clip(128 + 40 * layer / layer.std(), 0, 255)
    return result


def moved(image: np.ndarray, down: int, right: int) -> np.ndarray:
    """Return an image whose content is moved; the edge is repeated where nothing was."""
    padded = np.pad(image, ((4, 4), (4, 4), (0, 0)), mode="edge")
    height, width = image.shape[:2]
    return padded[4 - down : 4 - down + height, 4 - right : 4 - right + width]


def lit(image: np.ndarray, contrast: float, brightness: float = 0) -> np.ndarray:
    """Return an image in another light."""
    return np.clip(image.astype(float) * contrast + brightness, 0, 255).astype(np.uint8)


def noisy(image: np.ndarray, deviation: float = 5) -> np.ndarray:
    """Return an image with noise of this standard deviation, of 255 levels."""
    return lit(image + np.random.default_rng(1).normal(0, deviation, image.shape), 1)


def write_7z(path: Path, *blocks: Members, filters: Sequence[Any] = LZMA2, **options: Any) -> Path:
    """Pack each of `blocks` as one solid block of a 7z archive, in the order given."""
    for number, members in enumerate(blocks):
        mode = "a" if number else "w"
        with py7zr.SevenZipFile(path, mode, filters=list(filters), **options) as archive:
            for name, content in members.items():
                archive.writestr(content, name)
    return path


def write_zip(path: Path, members: Members, method: int = zipfile.ZIP_DEFLATED) -> Path:
    """Pack members into a zip archive, in the order given."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def write_tar(path: Path, members: Members, format: int = tarfile.DEFAULT_FORMAT) -> Path:
    """Pack members into a tar archive, in the order given, compressed as its name says."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=format) as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    path.write_bytes(TARS[path.name.partition(".")[2]](packed.getvalue()))
    return path


def write_archive(path: Path, members: Members) -> Path:
    """Pack members into an archive of the format that its name says; a 7z if it says none."""
    if path.suffix == ".zip":
        return write_zip(path, members)
    is_tar = path.name.partition(".")[2] in TARS
    return write_tar(path, members) if is_tar else write_7z(path, members)


def write_table(path: Path, labels: Mapping[str, str]) -> Path:
    """Write a label table, its rows in the order given."""
    rows = "".join(f"{id_},{label}\n" for id_, label in labels.items())
    path.write_text("id,label\n" + rows, encoding="utf-8")
    return path
