"""The gallery's images as the page places and describes them."""

import base64
from collections.abc import Mapping
from typing import Any

from swatchbook.report.sentences import percent

SEVERAL = 6  # models that are told of each image


def position(number: int, columns: int, rows: int) -> str:
    """Return the CSS background-position of a thumbnail on a sheet of so many columns and rows."""
    shares = zip(divmod(number, columns)[::-1], (columns, rows), strict=True)
    return " ".join(f"{100 * at / (of - 1) if of > 1 else 0:.4f}%" for at, of in shares)


def as_url(image: bytes) -> str:
    """Return a WebP image as an address that needs no network."""
    return f"data:image/webp;base64,{base64.b64encode(image).decode()}"


class Thumbnails:
    """The thumbnails of one data set, as the page places and describes them.

    Parameters
    ----------
    gallery
        The content of ``gallery.json``.
    image
        The bytes of ``sheet.webp``.
    """

    def __init__(self, gallery: Mapping[str, Any], image: bytes):
        self.gallery = gallery
        self._is_crossed = gallery.get("cross_validated", False)
        self.url = as_url(image)

    def position(self, number: int) -> str:
        """Return a thumbnail's CSS background-position."""
        return position(number, self.gallery["columns"], self.gallery["rows"])

    def label(self, number: int) -> str:
        """Return an image's label."""
        return str(self.gallery["classes"][self.gallery["images"][number]["label"]])

    def classes_of(self, number: int) -> list[int]:
        """Return the classes that an image has to do with: its label, and what it is called."""
        image = self.gallery["images"][number]
        likeliest = (model["likeliest"][0][0] for model in image["models"])
        return sorted({image["label"], *likeliest})

    def called(self, entry: Mapping[str, Any], number: int) -> str:
        """Return what the model that a list is about calls an image, and how surely."""
        models = self.gallery["models"]
        about = entry["other"] or entry["model"] or models[0]
        known = self.gallery["images"][number]["models"][models.index(about)]
        name, probability = known["likeliest"][0]
        return f"{percent(probability, 0)} {self.gallery['classes'][name]}"

    def told(self, number: int, entry: Mapping[str, Any]) -> str:
        """Return a text alternative: the label, and what each model makes of it.

        Of many models, what those make of it that the list is about.
        """
        image, seeds = self.gallery["images"][number], len(self.gallery["seeds"])
        models = self.gallery["models"]
        if len(models) > SEVERAL:
            models = [model for model in models if model in (entry["model"], entry["other"])]
        noun = "repetitions" if self._is_crossed else "seeds"
        text = f"{self.label(number)}, id {image['id']}"
        for model, known in zip(self.gallery["models"], image["models"], strict=False):
            if model not in models:
                continue
            name, probability = known["likeliest"][0]
            called = f"{self.gallery['classes'][name]} {percent(probability, 0)}"
            text += f"; {model}: {called}, right in {known['right']} of {seeds} {noun}"
        return text

    def title(self, entry: Mapping[str, Any]) -> str:
        """Return a list's title."""
        return {
            "right": f"Right: {entry['model']}",
            "wrong": f"Surest mistakes: {entry['model']}",
            "only": f"Only {entry['model']} is right, not {entry['other']}",
            "suspect": "Likely mislabelled",
        }[entry["kind"]]

    def explained(self, entry: Mapping[str, Any]) -> str:
        """Return which images a list is of, and how many there are."""
        count = f"{entry['of']:,} in all"
        if entry["of"] > len(entry["images"]):
            count += f", the first {len(entry['images'])} are shown"
        is_one = len(self.gallery["seeds"]) == 1
        every = "its seed" if is_one else "each of its seeds"
        all_runs = "by every model and seed"
        if self._is_crossed:
            every = "its run of the image’s fold" + ("" if is_one else " in each repetition")
            all_runs = "by every model" + ("" if is_one else " in each repetition")
        return {
            "right": f"Called right by {every}; {count}.",
            "wrong": f"Called something else by {every}, those first of which the model is surest "
            f"in the mean; {count}. Below each is how sure.",
            "only": f"Called right by {every}, and wrong by the other’s, the surest of the wrong "
            f"first; {count}.",
            "suspect": f"Called the same other class {all_runs}, and surely; {count}.",
        }[entry["kind"]]
