"""From what was found to what a data set's file says: each decision with its reason."""

import math
import statistics
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from swatchbook.data.limits import Limits, arrays_bytes
from swatchbook.discovery.arrangement import Arrangement
from swatchbook.discovery.inventory import Inventory

LARGEST_SIDE = (
    64  # pixels that are trained on unless the user says otherwise; a CPU does this in minutes
)
WHITE, BLACK = "#ffffff", "#000000"
# Images of a class from which shares of it are drawn: of five a fifth is one. Where only some sets
# are drawn, nobody has counted how many of a class are left for them.
LEAST_FOR_STRATA, LEAST_WHERE_SOME_ARE_GIVEN = 5, 10
TEST_SHARE, VALIDATION_SHARE = 0.2, 0.1
SEEDS = (3, 8)  # of each model: in any case, and at most
MODELS = 2  # that are written
# Images of 32 × 32 pixels that one core trains on in a second with the networks that are written:
# 550 to 2,200 were seen on server CPUs with bfloat16, by what else ran. And what a training takes
# beside its epochs.
IMAGES_A_SECOND, SECONDS_BESIDE = 1500, 15
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
    if not arranged.splits["test"]:
        because = FOLDS_SAID if images < FEW else "a fifth for the test"
        decided["test_share"] = Decided(TEST_SHARE, because)
    if not arranged.splits["validation"]:
        decided["validation_share"] = Decided(
            VALIDATION_SHARE, "of the rest, to watch the training by"
        )
    if decided:
        decided["stratified"] = _stratified(arranged, decided)
        decided["random_state"] = Decided(42, "the seed of the draw")
    return decided


def _stratified(arranged: Arrangement, drawn: Mapping[str, Decided]) -> Decided:
    """Decide whether each set is drawn with the same share of each class."""
    rarest = min(arranged.classes.values())
    least = LEAST_FOR_STRATA if len(drawn) == 2 else LEAST_WHERE_SOME_ARE_GIVEN
    if rarest < least:
        said = f"a class has {rarest} images, too few to have a share of it in each set"
        return Decided(False, said)
    images = sum(arranged.classes.values())
    images -= arranged.splits["test"] + arranged.splits["validation"]
    for share in drawn.values():
        count = math.ceil(images * share.value)
        if count < len(arranged.classes):
            return Decided(False, "a set is to have fewer images than there are classes")
        images -= count
    return Decided(True, "each set has the same share of each class")


def large(
    images: int, image: Mapping[str, Any], checked: Mapping[str, int]
) -> dict[str, Decided | dict[str, Decided]]:
    """Decide what a data set's file says where there is more than usual; mostly nothing.

    Parameters
    ----------
    images
        How many there are.
    image
        What they are made into.
    checked
        What was held to limits while the files were read, by the key of `Limits`.
    """
    usual = Limits()
    decided: dict[str, Decided | dict[str, Decided]] = {}
    raised = {
        key: Decided(count, "as much as there is")
        for key, count in checked.items()
        if count > getattr(usual, key)
    }
    if raised:
        decided["limits"] = raised
    shards = usual.shards_for(images, image)
    if shards:
        size = arrays_bytes(images, image) / 1e9
        decided["shards"] = Decided(shards, f"as one array they would take {size:.1f} GB")
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


def forecast(images: int, epochs: float, size: tuple[int, int], cores: int) -> str:
    """Guess how long the trainings will take, with what the guess rests on.

    Parameters
    ----------
    size
        The height and width of the images.
    cores
        How many trainings run at once.
    """
    share = max(math.prod(size) / 32**2, 0.5)  # of the smallest images the rest takes the time
    one = images * epochs * share / IMAGES_A_SECOND + SECONDS_BESIDE
    few, many = (MODELS * seeds for seeds in SEEDS)
    least, most = (math.ceil(count / cores) * one / 60 for count in (few, many))
    return (
        f"A rough guess: {few} trainings take {_minutes(least)} on {cores} "
        f"{'core' if cores == 1 else 'cores'}, {many}, if the verdict needs them, {_minutes(most)} "
        f"(at {IMAGES_A_SECOND:,} images of 32 × 32 pixels a second and core; half and double as "
        "much were measured, and a GPU is faster)."
    )


def _minutes(minutes: float) -> str:
    if minutes < 90:
        return f"{max(round(minutes), 1)} min"
    return f"{minutes / 60:.0f} h"
