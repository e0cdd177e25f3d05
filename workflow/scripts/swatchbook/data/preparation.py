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
        The content of ``arrays/decoding.json``: empty for a data set that does not come as image
        files, by ``train`` and ``test`` for one of two archives.
    image
        The block of the data set's file.
    """
    if "train" in notes:
        return [line for of_part in notes.values() for line in how_decoded(of_part, image)]
    told = []
    for why, which in notes.get("left_out", {}).items():
        named = ", ".join(which[:5]) + (" …" if len(which) > 5 else "")
        told.append(f"Left out: {len(which):,} that {LEFT_OUT[why]}: {named}.")
    changes = dict(notes.get("changes", {}))
    resized = changes.pop("resized", 0)
    if resized:
        low, high = notes["smallest"], notes["largest"]
        told.append(
            f"{resized:,} images were {RESIZED[image['resize']]} to {image['width']} × "
            f"{image['height']} pixels, from {low['width']} × {low['height']} to "
            f"{high['width']} × {high['height']}."
        )
    told += [f"{what.capitalize()}: {count:,}." for what, count in changes.items()]
    if notes.get("passed_over"):
        told.append(f"Passed over beside the images: {len(notes['passed_over']):,}.")
    return told
