"""From what was found to what a data set's file says: each decision with its reason."""

import math
import statistics
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from swatchbook.discovery.arrangement import Arrangement
from swatchbook.discovery.inventory import Inventory

LARGEST_SIDE = (
    64  # pixels that are trained on unless the user says otherwise; a CPU does this in minutes
)
WHITE, BLACK = "#ffffff", "#000000"
LEAST_FOR_STRATA = 10  # images of a class, so that each set has one of it
STEPS = 3000  # of a training, about
FEW = 1000  # images, of which a fifth says little
FOLDS_SAID = (
    "a fifth for the test; of so few images rather all: folds: 5 in its place, and "
    "seeds: [0, 1, 2, 3, 4] in config.yaml"
)


@dataclass(frozen=True)
class Decided:
    """A value, and why.

    Attributes
    ----------
    value
        What stands in the file.
    because
        The comment beside it.
    """

    value: Any
    because: str


def image(found: Inventory, size: tuple[int, int] | None, resize: str | None) -> dict[str, Decided]:
    """Decide the size and the colours of the arrays' images.

    Parameters
    ----------
    size, resize
        The height and width and the way that the user asked for, if any.
    """
    images = found.sizes.total()
    all_alike = len(found.sizes) == 1
    (height, width), _ = found.sizes.most_common(1)[0]
    grey = {1, 2} >= set(found.channels)
    channels = 1 if grey else 3
    plain = set(found.channels) == {channels} and set(found.depths) == {8}
    if size is None and all_alike and max(height, width) <= LARGEST_SIDE:
        size = (height, width)
        because = "the size of all images"
    elif size is None:
        shorter = [min(key) for key, count in found.sizes.items() for _ in range(count)]
        side = max(8, min(LARGEST_SIDE, round(statistics.median(shorter))) // 8 * 8)
        size = (side, side)
        because = f"files have {range_of(found.sizes)} pixels; more take longer to train"
    else:
        because = f"as asked for; files have {range_of(found.sizes)} pixels"
    is_resized = not (all_alike and size == (height, width))
    how = resize or ("fit" if is_resized else "error")
    conversions = _conversions(found, channels)
    return {
        "height": Decided(size[0], because),
        "width": Decided(size[1], ""),
        "channels": Decided(channels, "grey" if grey else "red, green, blue"),
        "resize": Decided(how, RESIZE_SAID[how]),
        "colour": Decided(
            "error" if plain else "convert",
            f"all {images:,} images are so" if plain else conversions,
        ),
        "background": Decided(
            (WHITE if found.transparent else BLACK) if how == "fit" or found.transparent else None,
            _background_said(found.transparent, how),
        ),
    }


RESIZE_SAID = {
    "error": "an image of another size is an error",
    "fit": "all of an image, padded; or: crop (its middle), stretch, error",
    "crop": "the middle of an image; or: fit (all of it, padded), stretch, error",
    "stretch": "whatever an image's shape; or: fit (all of it, padded), crop, error",
}


def _background_said(transparent: int, how: str) -> str:
    shown = []
    if transparent:
        shown.append(f"under the transparent pixels of {transparent:,} images")
    if how == "fit":
        shown.append("beside images that do not fill their square")
    return " and ".join(shown) or "nothing is transparent"


def _conversions(found: Inventory, channels: int) -> str:
    names = {1: "grey", 2: "grey with alpha", 3: "RGB", 4: "RGB with alpha"}
    parts = [
        f"{count:,} images are {names[kind]}"
        for kind, count in sorted(found.channels.items())
        if kind != channels
    ]
    deep = sum(count for depth, count in found.depths.items() if depth != 8)
    if deep:
        parts.append(f"{deep:,} have more than 8 bits a channel")
    return "; ".join(parts)


def range_of(sizes: Counter[tuple[int, int]]) -> str:
    if len(sizes) == 1:
        ((height, width),) = sizes
        return f"{width} × {height}"
    low, high = (min(sizes, key=math.prod), max(sizes, key=math.prod))
    return f"{low[1]} × {low[0]} to {high[1]} × {high[0]}"


def left_out(found: Inventory, arranged: Arrangement, others: int) -> dict[str, Decided]:
    """Decide what is left out: only what was found, so that anything new is refused."""
    counts = {
        "broken": (len(found.broken), "images cannot be read"),
        "unlabelled": (arranged.unlabelled, "images have no label"),
        "without_image": (arranged.without_image, "rows of the table have no image"),
        "others": (others, "files are no images"),
    }
    return {
        why: Decided(why, f"{count:,} {said}") for why, (count, said) in counts.items() if count
    }


def split(arranged: Arrangement) -> dict[str, Decided]:
    """Decide how images are split."""
    decided = {}
    images = sum(arranged.classes.values())
    has_test = arranged.splits["test"] > 0
    if not has_test:
        decided["test_share"] = Decided(0.2, FOLDS_SAID if images < FEW else "a fifth for the test")
    if not arranged.splits["validation"]:
        decided["validation_share"] = Decided(0.1, "of the rest, to watch the training by")
    rarest = min(arranged.classes.values())
    if decided:
        decided["stratified"] = Decided(
            rarest >= LEAST_FOR_STRATA,
            "each set has the same share of each class"
            if rarest >= LEAST_FOR_STRATA
            else f"a class has {rarest} images, too few to have a share of it in each set",
        )
        decided["random_state"] = Decided(42, "the seed of the draw")
    return decided


def training(images: int, validation: int) -> Mapping[str, Decided]:
    """Decide how long models are trained, by how many images there are for it, and to watch it."""
    batch = 128 if images >= 5000 else 32
    steps = math.ceil(images / batch)
    epochs = min(60, max(10, round(STEPS / steps)))
    return {
        "epochs": Decided(epochs, f"{images:,} images to train on: {steps * epochs:,} steps"),
        "batch_size": Decided(batch, ""),
        "keep": Decided("best", "the weights of the epoch with the lowest validation loss")
        if validation
        else Decided("last", "there are no validation images to choose an epoch by"),
    }
