"""What was done to images on their way into the arrays, in words."""

from collections.abc import Mapping
from typing import Any

LEFT_OUT = {
    "broken": "cannot be read",
    "unlabelled": "have no label",
    "without_image": "are rows of the table without an image",
}
RESIZED = {
    "fit": "fitted whole, and padded,",
    "crop": "cut to their middle and scaled",
    "stretch": "stretched",
}


def how_decoded(notes: Mapping[str, Any], image: Mapping[str, Any]) -> list[str]:
    """Say what was done to images on their way into the arrays, and what was left out.

    Parameters
    ----------
    notes
        The content of ``arrays/decoding.json``; a data set that does not come as image files has
        none.
    image
        The block of the data set's file.
    """
    told = []
    for why, which in notes.get("left_out", {}).items():
        named = ", ".join(which[:5]) + (" …" if len(which) > 5 else "")
        told.append(f"Left out: {len(which):,} that {LEFT_OUT[why]}: {named}.")
    changes = dict(notes.get("changes", {}))
    resized = changes.pop("resized", 0)
    if resized:
        sizes = [(size["height"], size["width"]) for size in notes["sizes"]]
        low, high = (pick(sizes, key=lambda size: size[0] * size[1]) for pick in (min, max))
        told.append(
            f"{resized:,} images were {RESIZED[image['resize']]} to {image['width']} × "
            f"{image['height']} pixels, from {low[1]} × {low[0]} to {high[1]} × {high[0]}."
        )
    told += [f"{what.capitalize()}: {count:,}." for what, count in changes.items()]
    if notes.get("passed_over"):
        told.append(f"Passed over beside the images: {len(notes['passed_over']):,}.")
    return told
