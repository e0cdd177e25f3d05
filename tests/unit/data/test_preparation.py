"""What was done to images is said in words; nothing is said where nothing was done."""

from typing import Any

import pytest

from results_maker import NOTES
from swatchbook.data.preparation import how_decoded

IMAGE = {"height": 64, "width": 48, "channels": 3, "resize": "fit"}
SIZES = {
    "smallest": {"height": 32, "width": 40},
    "largest": {"height": 90, "width": 80},
}


@pytest.mark.parametrize("notes", [{}, NOTES, NOTES | SIZES])
def test_nothing_is_said_where_nothing_was_done(notes: dict[str, Any]) -> None:
    assert how_decoded(notes, IMAGE) == []


@pytest.mark.parametrize(
    ("resize", "word"),
    [
        ("fit", "fitted whole, and padded, to"),
        ("crop", "cut to their middle and scaled to"),
        ("stretch", "stretched to"),
    ],
)
def test_the_sizes_are_said_with_what_was_done(resize: str, word: str) -> None:
    notes = NOTES | SIZES | {"changes": {"resized": 4}}
    (told,) = how_decoded(notes, IMAGE | {"resize": resize})
    assert told == f"4 images were {word} 48 × 64 pixels, from 40 × 32 to 80 × 90."


def test_what_was_left_out_is_counted_and_named() -> None:
    left_out = {
        "broken": [f"{number} (an empty file)" for number in range(7)],
        "unlabelled": ["x"],
        "without_image": ["y", "z"],
    }
    told = how_decoded(NOTES | {"left_out": left_out, "passed_over": ["a.txt"]}, IMAGE)
    assert told[0].startswith("Left out: 7 that cannot be read: 0 (an empty file), 1 (an")
    assert told[0].endswith("4 (an empty file) ….")
    assert told[1:] == [
        "Left out: 1 that have no label: x.",
        "Left out: 2 that are rows of the table without an image: y, z.",
        "Passed over beside the images: 1.",
    ]


def test_conversions_are_counted() -> None:
    notes = NOTES | {"changes": {"colours converted": 3, "alpha laid on the background": 1}}
    assert how_decoded(notes, IMAGE) == [
        "Colours converted: 3.",
        "Alpha laid on the background: 1.",
    ]


def test_of_two_archives_both_are_told() -> None:
    of_one = NOTES | {"changes": {"colours converted": 3}}
    assert how_decoded({"train": of_one, "test": NOTES}, IMAGE) == ["Colours converted: 3."]
