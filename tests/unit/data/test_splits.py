"""Images are split as the data set's file says; groups stay together, given sets are kept."""

from typing import Any

import cv2
import numpy as np
import pytest
from sklearn.model_selection import train_test_split

from swatchbook.data import splits
from swatchbook.data.dataset_formats import Images
from swatchbook.errors import DataError

LABELS = np.repeat([0, 1], [150, 50])
GROUPS = np.array([f"patient {number // 5}" for number in range(200)])


def images(**more: Any) -> Images:
    ids = [str(number) for number in range(200)]
    return Images(ids, np.zeros((200, 1, 1, 1), np.uint8), LABELS, **more)


def whole(found: dict[str, np.ndarray]) -> None:
    assert list(found) == list(splits.SPLITS)
    assert sorted(np.concatenate(list(found.values()))) == list(range(200))


@pytest.mark.parametrize("held_out", [30, 31])
def test_no_more_can_be_held_out_than_there_is(held_out: int) -> None:
    given = images(parts=np.repeat(["train", "test"], [30, 170]))
    with pytest.raises(DataError, match="cannot be held out of 30"):
        splits.given(given, validation_first=held_out)


def test_the_test_set_is_that_of_scikit_learn() -> None:
    found = splits.drawn(images(), test_share=0.2, validation_share=0)
    train, test = train_test_split(np.arange(200), test_size=0.2, random_state=42)
    np.testing.assert_array_equal(found["train"], train)
    np.testing.assert_array_equal(found["test"], test)
    assert len(found["validation"]) == 0


def test_stratified_sets_have_the_shares_of_the_classes() -> None:
    found = splits.drawn(images(), test_share=0.2, validation_share=0.25, stratified=True)
    whole(found)
    for rows, of_second in ((found["test"], 10), (found["validation"], 10), (found["train"], 30)):
        assert LABELS[rows].sum() == of_second
    by_chance = splits.drawn(images(), test_share=0.2, random_state=1)
    assert LABELS[by_chance["test"]].sum() != 10


@pytest.mark.parametrize("stratified", [False, True])
@pytest.mark.parametrize("random_state", range(5))
def test_no_group_is_on_two_sides(stratified: bool, random_state: int) -> None:
    found = splits.drawn(
        images(groups=GROUPS), test_share=0.2, random_state=random_state, stratified=stratified
    )
    whole(found)
    sides = [set(GROUPS[rows]) for rows in found.values()]
    assert all(sides) and sum(map(len, sides)) == 40
    assert len(found["test"]) == 40
    if stratified:
        assert LABELS[found["test"]].sum() == 10


def test_sets_that_the_data_come_with_are_kept() -> None:
    parts = np.repeat(["train", "validation", "test"], [120, 30, 50])
    found = splits.drawn(images(parts=parts))
    assert [rows.tolist() for rows in found.values()] == [
        list(range(120)),
        list(range(120, 150)),
        list(range(150, 200)),
    ]


def test_a_validation_set_that_is_missing_is_drawn_from_the_training_images() -> None:
    parts = np.repeat(["test", "train"], [60, 140])
    found = splits.drawn(images(parts=parts), validation_share=0.25)
    whole(found)
    assert found["test"].tolist() == list(range(60))
    assert len(found["validation"]) == 35


@pytest.mark.parametrize(
    ("share", "parts", "told"),
    [
        (None, None, "split.test_share: the share of test images is missing (for example"),
        (0.2, ["train", "test"], "comes with 100 test images, and a share is to be drawn as well"),
    ],
)
def test_a_test_set_comes_from_one_place(
    share: float | None, parts: list[str] | None, told: str
) -> None:
    by = images(parts=None if parts is None else np.repeat(parts, 100))
    with pytest.raises(DataError) as caught:
        splits.drawn(by, test_share=share)
    assert told in str(caught.value)


def test_a_given_split_that_divides_a_group_is_refused() -> None:
    parts = np.repeat(["train", "test"], [152, 48])
    with pytest.raises(DataError, match="'patient 30' is in the train and in the test set"):
        splits.drawn(images(parts=parts, groups=GROUPS), validation_share=0)


def test_what_cannot_be_split_is_told_with_the_reason() -> None:
    labels = np.array([0] * 199 + [1])
    few = Images(images().ids, images().pixels, labels)
    with pytest.raises(DataError, match=r"split: 200 images cannot be split: The least populated"):
        splits.drawn(few, test_share=0.2, stratified=True)


def test_sets_go_by_the_names_that_people_give_them() -> None:
    words = ["Train", "training", "VAL", "valid", "dev", "Validation", "test", "Testing"]
    named = splits.named(words, "labels.csv").tolist()
    assert named == ["train"] * 2 + ["validation"] * 4 + ["test"] * 2
    with pytest.raises(
        DataError, match=r"labels\.csv: no name of a split: 'a', 'b' \(call them tr"
    ):
        splits.named(["train", "b", "a"], "labels.csv")


def copies() -> Images:
    """Return images of which each fifth is the one before it, brighter; some belong to groups."""
    pixels = np.random.default_rng(1).integers(0, 200, (100, 16, 16, 1), np.uint8)
    pixels = np.stack([cv2.GaussianBlur(image, (0, 0), 1.0)[..., np.newaxis] for image in pixels])
    pixels[4::5] = pixels[3::5]
    pixels[9::10] += 9
    return Images([str(n) for n in range(100)], pixels, np.arange(100) % 2)


@pytest.mark.parametrize(
    ("keep_together", "apart"), [(None, True), ("exact_copies", True), ("near_copies", False)]
)
def test_copies_stay_together_where_asked(keep_together: str | None, apart: bool) -> None:
    of = copies()
    divided = {"exact": 0, "near": 0}
    for random_state in range(4):
        found = splits.drawn(
            of, test_share=0.3, random_state=random_state, keep_together=keep_together
        )
        side = np.empty(100, int)
        for number, rows in enumerate(found.values()):
            side[rows] = number
        differ = side[3::5] != side[4::5]
        divided["exact"] += differ[::2].sum()
        divided["near"] += differ[1::2].sum()
    assert (divided["near"] > 0) == apart
    assert (divided["exact"] > 0) == (keep_together is None)


def test_copies_tie_groups_together() -> None:
    of = copies()
    groups = np.array([f"g{n // 2}" for n in range(100)])
    grouped = Images(of.ids, of.pixels, of.labels, groups=groups)
    found = splits.drawn(grouped, test_share=0.3, keep_together="near_copies")
    for rows in found.values():
        inside = set(rows.tolist())
        for n in inside:
            assert {n ^ 1} <= inside  # the other one of its group
            assert n % 5 != 3 or n + 1 in inside


def test_a_given_split_that_divides_copies_is_refused_where_they_are_to_stay_together() -> None:
    of = copies()
    given = Images(of.ids, of.pixels, of.labels, parts=np.array(["train"] * 54 + ["test"] * 46))
    with pytest.raises(DataError, match="'copies of 53' is in the train and in the test set"):
        splits.drawn(given, validation_share=0, keep_together="near_copies")
