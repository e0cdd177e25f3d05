"""Some of a data set's images as they came, beside what each way of resizing makes of them.

Chosen while images are decoded, since only then the files are there. Which ones depends on their
sizes and ids alone: not on the order in which an archive has them.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from swatchbook.data import pictures
from swatchbook.files import replacing

SHOWN = 8
SAMPLE = 16  # kept by chance, of which some are shown
LONGEST = 160  # pixels of a thumbnail
MIDDLE, CHANCE = "of middle size", "by chance"

Size = tuple[int, int]  # height, width

# What an image may be the most of, by a number of its size.
EXTREMES: Mapping[str, Callable[[Size], float]] = {
    "the widest": lambda size: size[1] / size[0],
    "the tallest": lambda size: size[0] / size[1],
    "the largest": lambda size: size[0] * size[1],
    "the smallest": lambda size: -size[0] * size[1],
}


class Original(NamedTuple):
    """An image as it came, and as each way of resizing shows it to a model.

    Attributes
    ----------
    why
        Why it was chosen.
    id
        Its id.
    size
        Its height and width.
    thumbnail
        All of it in its shape, at most `LONGEST` pixels long; uint8, shape (height, width,
        channels).
    views
        What becomes of it by each of `pictures.RESIZE`, uint8, of the data set's shape.
    """

    why: str
    id: str
    size: Size
    thumbnail: np.ndarray
    views: Mapping[str, np.ndarray]


class Collector:
    """Keeps a few images of all that it is offered: the extremes, and some by chance.

    Parameters
    ----------
    image
        The block of the data set's file; see `pictures.read`.
    """

    def __init__(self, image: Mapping[str, Any]):
        self._image = image
        self._extremes: dict[str, tuple[tuple[float, bytes], Original]] = {}
        self._sample: dict[bytes, Original] = {}

    def offer(self, id_: str, content: bytes, size: Size) -> None:
        """Look at an image that was resized, and keep it as long as it is one to show.

        Parameters
        ----------
        content
            The file.
        size
            Its height and width.
        """
        self._consider(id_, size, lambda: self._original(id_, content, size))

    def take_over(self, kept: Sequence[Original]) -> None:
        """Look at what another collector, of other images of the data set, has kept."""
        for original in kept:
            self._consider(original.id, original.size, partial(original._replace, why=CHANCE))

    @property
    def kept(self) -> list[Original]:
        """What is kept as yet, each image once."""
        every = [*self._sample.values(), *(original for _, original in self._extremes.values())]
        return list({original.id: original for original in every}.values())

    def _consider(self, id_: str, size: Size, make: Callable[[], Original]) -> None:
        draw = hashlib.sha256(id_.encode()).digest()
        ranks = {why: (value(size), draw) for why, value in EXTREMES.items()}
        gained = [
            why
            for why, rank in ranks.items()
            if why not in self._extremes or rank > self._extremes[why][0]
        ]
        is_drawn = len(self._sample) < SAMPLE or draw < max(self._sample)
        if not gained and not is_drawn:
            return
        original = make()
        for why in gained:
            self._extremes[why] = (ranks[why], original._replace(why=why))
        if is_drawn:
            self._sample[draw] = original
            if len(self._sample) > SAMPLE:
                del self._sample[max(self._sample)]

    def chosen(self, sizes: Mapping[Size, int]) -> list[Original]:
        """Return the images to show, each once; none if none was offered.

        Parameters
        ----------
        sizes
            How many of all images had each size.
        """
        if not self._sample:
            return []
        right = (self._image["height"], self._image["width"])
        middle = _median_area({size: count for size, count in sizes.items() if size != right})
        by_chance = [original for _, original in sorted(self._sample.items())]
        nearest = min(by_chance, key=lambda one: abs(one.size[0] * one.size[1] - middle))
        candidates = [
            *(self._extremes[why][1] for why in EXTREMES),
            nearest._replace(why=MIDDLE),
            *by_chance,
        ]
        once = {original.id: original for original in reversed(candidates)}
        in_order = dict.fromkeys(original.id for original in candidates)
        return [once[id_] for id_ in in_order][:SHOWN]

    def _original(self, id_: str, content: bytes, size: Size) -> Original:
        """Decode an image at its own size, and resize it in every way."""
        height, width = self._image["height"], self._image["width"]
        own = {**self._image, "height": size[0], "width": size[1]}
        pixels = pictures.decode(content, own)
        background = pictures.colour_of(self._image.get("background")) or pictures.BLACK
        views = {
            how: resize(pixels, height, width, background)
            for how, resize in pictures.RESIZE.items()
        }
        return Original(CHANCE, id_, size, _thumbnail(pixels), views)


def _thumbnail(pixels: np.ndarray) -> np.ndarray:
    scale = min(1.0, LONGEST / max(pixels.shape[:2]))
    height, width = (max(1, round(scale * side)) for side in pixels.shape[:2])
    small = cv2.resize(np.ascontiguousarray(pixels), (width, height), interpolation=cv2.INTER_AREA)
    return small.reshape(height, width, pixels.shape[2])


def _median_area(sizes: Mapping[Size, int]) -> float:
    """Return the median number of pixels of all images, the lower one of two."""
    areas = sorted((height * width, count) for (height, width), count in sizes.items())
    counts = np.cumsum([count for _, count in areas])
    return areas[int(np.searchsorted(counts, (counts[-1] + 1) // 2))][0]


def write(originals: Sequence[Original], path: str | Path) -> None:
    """Write images to show as a NumPy file, without pickles; there may be none."""
    about = [{"why": one.why, "id": one.id, "size": one.size} for one in originals]
    pixels = {
        f"{number}.{name}": values
        for number, one in enumerate(originals)
        for name, values in {"thumbnail": one.thumbnail, **one.views}.items()
    }
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, about=np.array(json.dumps(about)), **pixels)


def read(path: str | Path) -> list[Original]:
    """Read what `write` wrote."""
    with np.load(path, allow_pickle=False) as file:
        return [
            Original(
                one["why"],
                one["id"],
                tuple(one["size"]),
                file[f"{number}.thumbnail"],
                {how: file[f"{number}.{how}"] for how in pictures.RESIZE},
            )
            for number, one in enumerate(json.loads(str(file["about"])))
        ]
