"""Make the demo's two embedded data sets out of Fashion-MNIST.

What:
    ``fashion-mnist-mini``: four IDX files like Fashion-MNIST's own, with the first 600 training
    and the first 100 test images of each class, in the order of the original files.

    ``own-images``: a 7z archive of 2,000 coloured PNG files (32 x 32, RGB) and a table of their
    labels, as somebody might bring them along: the next 200 training images of each class, tinted
    and pasted at a random place on a plain, softly coloured background. The ids say nothing about
    the class, and neither the archive nor the table is in id order.

From where:
    Fashion-MNIST (https://github.com/zalandoresearch/fashion-mnist), copyright 2017 Zalando SE,
    as Debian packs it: ``apt-get install dataset-fashion-mnist``.

Licence:
    MIT, like the original; so are the files made here.

How:
    ``python demo/make_data.py`` needs NumPy and py7zr, and writes into ``resources`` beside this
    file. ``--source`` names another folder with the four original files, ``--output`` another
    folder for the results.

The bytes are the same on every run: random numbers come from a fixed seed, no file carries the
time of the run, and the gzip files are compressed in a way that does not depend on the installed
zlib (by run lengths and Huffman codes only, which zlib and zlib-ng do alike; at their usual
settings they differ, for 1.4 % less). What the archive still depends on is py7zr, which from 1.0 to
1.1 changed how it states the file mode, and liblzma, of which 5.4 and 5.8 give the same.
"""

import argparse
import colorsys
import gzip
import hashlib
import os
import struct
import tempfile
import zlib
from pathlib import Path

import numpy as np
import py7zr

DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")
RESOURCES = Path(__file__).resolve().parent / "resources"

IDX_FILES = {
    "train_images": "train-images-idx3-ubyte.gz",
    "train_labels": "train-labels-idx1-ubyte.gz",
    "test_images": "t10k-images-idx3-ubyte.gz",
    "test_labels": "t10k-labels-idx1-ubyte.gz",
}
CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)

MINI_TRAIN_PER_CLASS = 600
MINI_TEST_PER_CLASS = 100
OWN_PER_CLASS = 200

SEED = 2017
CANVAS = 32  # pixels, height and width of an own image
LEVELS = 16  # grey levels kept in an own image: what makes 2,000 colour images fit in 0.7 MB
MEMBER_TIME = 1_503_619_200  # 2017-08-25 UTC, when Fashion-MNIST was published
LZMA2 = [{"id": py7zr.FILTER_LZMA2, "preset": 9}]


def read_idx(path: Path) -> np.ndarray:
    """Read a gzipped IDX file of unsigned bytes into a uint8 array."""
    data = gzip.decompress(path.read_bytes())
    zeros, kind, dimensions = struct.unpack_from(">HBB", data)
    if zeros != 0 or kind != 0x08:
        raise SystemExit(f"{path}: not an IDX file of unsigned bytes")
    shape = struct.unpack_from(f">{dimensions}I", data, 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * dimensions).reshape(shape)


def idx_bytes(array: np.ndarray) -> bytes:
    """Write a uint8 array of any shape as an IDX file."""
    header = struct.pack(f">HBB{array.ndim}I", 0, 0x08, array.ndim, *array.shape)
    return header + array.astype(np.uint8).tobytes()


def gzip_bytes(data: bytes) -> bytes:
    """Compress into a gzip file without a time or a name, the same bytes whatever the zlib."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, 8, zlib.Z_RLE)
    header = b"\x1f\x8b\x08\x00" + bytes(4) + b"\x00\xff"  # no flags, no time, unknown system
    trailer = struct.pack("<II", zlib.crc32(data), len(data))
    return header + deflate.compress(data) + deflate.flush() + trailer


def rows_of_each_class(labels: np.ndarray, start: int, stop: int) -> np.ndarray:
    """Pick each class's images number `start` to `stop` (not included), in file order."""
    picked = [np.flatnonzero(labels == index)[start:stop] for index in range(len(CLASSES))]
    return np.sort(np.concatenate(picked))


def write_mini(original: dict[str, np.ndarray], folder: Path) -> None:
    """Write the small Fashion-MNIST: four IDX files with balanced classes."""
    folder.mkdir(parents=True, exist_ok=True)
    for part, per_class in (("train", MINI_TRAIN_PER_CLASS), ("test", MINI_TEST_PER_CLASS)):
        rows = rows_of_each_class(original[f"{part}_labels"], 0, per_class)
        for key in (f"{part}_images", f"{part}_labels"):
            (folder / IDX_FILES[key]).write_bytes(gzip_bytes(idx_bytes(original[key][rows])))


def random_colour(
    random: np.random.RandomState,
    saturation: tuple[float, float],
    value: tuple[float, float],
) -> np.ndarray:
    """Draw an RGB colour, int array of shape (3,) in 0 to 255, of any hue."""
    hsv = (random.uniform(), random.uniform(*saturation), random.uniform(*value))
    return np.array([round(255 * part) for part in colorsys.hsv_to_rgb(*hsv)])


def paint(garment: np.ndarray, random: np.random.RandomState) -> np.ndarray:
    """Paste a grey garment, uint8 (28, 28), tinted, on a canvas: uint8 RGB (32, 32, 3).

    The brighter the garment's grey, the more of the tint shows, and the less of the background.
    """
    background = random_colour(random, saturation=(0.08, 0.25), value=(0.85, 0.98))
    tint = random_colour(random, saturation=(0.6, 1.0), value=(0.25, 0.7))
    height, width = garment.shape
    top, left = random.randint(0, CANVAS - height + 1), random.randint(0, CANVAS - width + 1)
    strength = np.zeros((CANVAS, CANVAS, 1), int)
    quantised = (garment.astype(int) * (LEVELS - 1) + 127) // 255
    strength[top : top + height, left : left + width, 0] = quantised
    blend = background * (LEVELS - 1 - strength) + tint * strength
    return (blend // (LEVELS - 1)).astype(np.uint8)


def png_bytes(image: np.ndarray) -> bytes:
    """Write a uint8 RGB image (height, width, 3) as a PNG that is stored, not compressed.

    The archive compresses better than a PNG could, and only what the PNG has not compressed yet.
    """

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    height, width, _ = image.shape
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)  # 8 bits, RGB, no interlace
    rows = b"".join(b"\x00" + row.tobytes() for row in image)  # each row unfiltered
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows, 0))
        + chunk(b"IEND", b"")
    )


def write_archive(members: dict[str, bytes], path: Path) -> None:
    """Pack the members, in their order, into one solid 7z archive with fixed times and modes."""
    with (
        tempfile.TemporaryDirectory() as scratch,
        py7zr.SevenZipFile(path, "w", filters=LZMA2) as archive,
    ):
        # py7zr takes times and modes from files; to bytes in memory it gives the present time.
        file = Path(scratch) / "member"
        for name, data in members.items():
            file.write_bytes(data)
            file.chmod(0o644)
            os.utime(file, (MEMBER_TIME, MEMBER_TIME))
            archive.write(file, name)


def write_own_images(original: dict[str, np.ndarray], folder: Path) -> None:
    """Write the coloured images' archive and their table of labels."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.RandomState(SEED)  # its numbers are promised not to change with NumPy
    labels = original["train_labels"]
    rows = rows_of_each_class(labels, MINI_TRAIN_PER_CLASS, MINI_TRAIN_PER_CLASS + OWN_PER_CLASS)
    rows = random.permutation(rows)  # from here on, the position is the id
    ids = [f"item-{number:04d}" for number in range(1, len(rows) + 1)]

    table = [f"{ids[i]},{CLASSES[labels[rows[i]]]}" for i in random.permutation(len(rows))]
    (folder / "labels.csv").write_bytes("\n".join(["id,label", *table, ""]).encode())

    pictures = [png_bytes(paint(original["train_images"][row], random)) for row in rows]
    members = {f"images/{ids[i]}.png": pictures[i] for i in random.permutation(len(rows))}
    write_archive(members, folder / "images.7z")


def main() -> None:
    """Write both data sets and print the SHA-256 of every file."""
    parser = argparse.ArgumentParser(description="Make the demo's embedded data sets.")
    parser.add_argument(
        "--source",
        type=Path,
        default=DEBIAN_FOLDER,
        help="folder with the four files of Fashion-MNIST (default: %(default)s)",
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=RESOURCES,
        help="folder that the data sets are written into (default: resources beside this script)",
    )
    options = parser.parse_args()

    missing = [name for name in IDX_FILES.values() if not (options.source / name).is_file()]
    if missing:
        raise SystemExit(
            f"{options.source}: no {', '.join(missing)} (install Debian's package"
            " dataset-fashion-mnist, or name another folder with --source)"
        )
    original = {key: read_idx(options.source / name) for key, name in IDX_FILES.items()}
    write_mini(original, options.output / "fashion-mnist-mini")
    write_own_images(original, options.output / "own-images")

    written = [options.output / "fashion-mnist-mini" / name for name in IDX_FILES.values()]
    written += [options.output / "own-images" / name for name in ("images.7z", "labels.csv")]
    for path in written:
        print(hashlib.sha256(path.read_bytes()).hexdigest(), path.relative_to(options.output))


if __name__ == "__main__":
    main()
