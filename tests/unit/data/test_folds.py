"""Each image is tested once a repetition, by a seed that has not seen it; groups stay together."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from swatchbook.data import arrays, folds, splits
from swatchbook.data.dataset_formats import Images
from swatchbook.data.splits import SPLITS
from swatchbook.errors import DataError

COUNT = 203
LABELS = np.repeat([0, 1], [150, COUNT - 150])
GROUPS = np.array([f"patient {number // 5}" for number in range(COUNT)])
CLASSES = ["cat", "dog"]


def images(**more: Any) -> Images:
    ids = [f"id {number}" for number in range(COUNT)]
    pixels = (np.arange(COUNT) % 256).astype(np.uint8).reshape(-1, 1, 1, 1)
    return Images(ids, pixels, more.pop("labels", LABELS), **more)


def written(folder: Path, found: folds.Folds) -> Path:
    given = images()
    rows = splits.drawn(given, folds=found.count)
    arrays.write(folder, given.pixels, LABELS, given.ids, rows, CLASSES, found)
    return folder


@pytest.mark.parametrize("groups", [None, GROUPS])
@pytest.mark.parametrize("stratified", [False, True])
@pytest.mark.parametrize("count", [2, 5])
def test_each_image_is_tested_once_a_repetition(
    count: int, stratified: bool, groups: np.ndarray | None
) -> None:
    found = folds.draw(images(groups=groups), folds=count, stratified=stratified)
    assert found.parts.shape == (splits.REPETITIONS * count, COUNT)
    for repetition in range(splits.REPETITIONS):
        seeds = range(repetition * count, (repetition + 1) * count)
        tested = np.concatenate([found.rows("test", seed) for seed in seeds])
        assert sorted(tested) == list(range(COUNT))
        assert all(found.sizes("validation", seeds)) and all(found.sizes("train", seeds))


@pytest.mark.parametrize("stratified", [False, True])
@pytest.mark.parametrize("random_state", range(3))
def test_no_group_is_on_two_sides_of_a_fold(stratified: bool, random_state: int) -> None:
    given = images(groups=GROUPS)
    found = folds.draw(given, folds=4, stratified=stratified, random_state=random_state)
    for seed in range(len(found.parts)):
        sides = [set(GROUPS[found.rows(split, seed)]) for split in SPLITS]
        assert sum(map(len, sides)) == len(set(GROUPS))


def test_copies_are_on_one_side_where_they_are_kept_together() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 1), np.uint8)
    pixels[20:] = pixels[:20]
    given = Images([str(n) for n in range(40)], pixels, np.arange(40) % 2)
    for keep, apart in (("exact_copies", False), (None, True)):
        found = folds.draw(given, folds=4, keep_together=keep)
        assert (found.parts[:, :20] != found.parts[:, 20:]).any() == apart


def test_stratified_folds_have_the_shares_of_the_classes() -> None:
    found = folds.draw(images(), folds=5, stratified=True)
    counts = [LABELS[found.rows("test", seed)].sum() for seed in range(50)]
    assert set(counts) == {10, 11}


def test_repetitions_draw_other_folds_and_the_same_ones_again() -> None:
    found, again = (folds.draw(images(), folds=5) for _ in range(2))
    np.testing.assert_array_equal(found.parts, again.parts)
    assert (found.parts[:5] != found.parts[5:10]).any()
    other = folds.draw(images(), folds=5, random_state=43)
    # Each repetition adds one to the state.
    np.testing.assert_array_equal(other.parts[:5], found.parts[5:10])


def test_no_validation_images_are_held_out_where_none_are_wanted() -> None:
    found = folds.draw(images(), folds=5, validation_share=0)
    assert sum(found.sizes("validation", range(50))) == 0


@pytest.mark.parametrize(
    ("more", "settings", "told"),
    [
        ({}, {"folds": 300}, "cannot be divided into 300 folds"),
        ({"labels": np.repeat([0, 1], [200, 3])}, {"folds": 5, "stratified": True}, "has 3 images"),
        ({"groups": np.repeat(["a", "b"], [200, 3])}, {"folds": 5}, "cannot be divided"),
        (
            {"groups": np.repeat(["a", "b"], [150, 53])},
            {"folds": 3, "stratified": True},
            "number of groups: 2",
        ),
    ],
)
def test_images_that_cannot_be_divided_are_refused_in_one_line(
    more: dict[str, Any], settings: dict[str, Any], told: str
) -> None:
    with pytest.raises(DataError, match=told) as caught:
        folds.draw(images(**more), **settings)
    assert "split.folds" in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "parts", "told"),
    [
        ({"test_share": 0.2}, None, "a share of 0.2"),
        ({}, np.repeat(["train", "test"], [200, 3]), "comes with 3"),
        ({}, np.repeat(["train", "validation"], [199, 4]), "comes with 4"),
    ],
)
def test_nothing_else_says_what_the_test_is(settings: Any, parts: Any, told: str) -> None:
    with pytest.raises(DataError, match=told):
        splits.drawn(images(parts=parts), folds=5, **settings)


def test_a_seed_reads_its_own_images(tmp_path: Path) -> None:
    found = folds.draw(images(), folds=5)
    folder = written(tmp_path, found)
    for seed in (0, 7):
        for split in SPLITS:
            rows = found.rows(split, seed)
            x, y = arrays.load(folder, split, seed)
            np.testing.assert_array_equal(np.rint(x.ravel() * 255), rows % 256)
            np.testing.assert_array_equal(y.argmax(1), LABELS[rows])
            index = arrays.read_index(folder, split, seed)
            assert index["row"].tolist() == rows.tolist()
            assert index["id"].tolist() == [f"id {row}" for row in rows]
            assert list(index) == ["row", "id", "label"]
    assert len(arrays.load(folder, "test")[0]) == COUNT == len(arrays.read_index(folder, "test"))
    assert len(arrays.load(folder, "train")[0]) == 0


def test_folds_are_read_as_they_were_drawn(tmp_path: Path) -> None:
    found = folds.draw(images(groups=GROUPS), folds=3)
    again = folds.read(written(tmp_path, found))
    assert again is not None and again.count == 3
    np.testing.assert_array_equal(again.parts, found.parts)


def test_a_seed_without_a_fold_is_refused(tmp_path: Path) -> None:
    folder = written(tmp_path, folds.draw(images(), folds=5))
    with pytest.raises(DataError, match=r"no fold for seed 50: .* the seeds 0 to 49"):
        arrays.load(folder, "train", 50)


@pytest.mark.parametrize(
    "damage",
    [
        lambda table: table.assign(seed_3="train"),
        lambda table: table.assign(seed_3="test"),
        lambda table: table.assign(seed_3="tset"),
        lambda table: table.drop(columns="seed_49"),
        lambda table: table.drop(columns=[f"seed_{seed}" for seed in range(1, 50)]),
    ],
)
def test_folds_that_leave_an_image_untested_are_refused(tmp_path: Path, damage: Any) -> None:
    folder = written(tmp_path, folds.draw(images(), folds=5))
    table = pd.read_csv(folder / "index.csv", dtype=str)
    damage(table).to_csv(folder / "index.csv", index=False)
    with pytest.raises(DataError, match="each image tested once in each repetition"):
        folds.read(folder)


def test_an_index_of_other_images_is_refused(tmp_path: Path) -> None:
    folder = written(tmp_path, folds.draw(images(), folds=5))
    for name in ("x_test", "y_test"):
        values = np.load(folder / f"{name}.npy")
        np.save(folder / f"{name}.npy", values[1:])
    with pytest.raises(DataError, match="202 images but folds of 203"):
        arrays.load(folder, "train", 0)


def test_what_is_out_of_fold_is_of_all_images_in_their_order() -> None:
    found = folds.draw(images(), folds=5)
    seeds = [7, 0, 1, 2, 9, 3, 4, 5, 6, 8]
    values = [np.stack([found.rows("test", s), np.full(len(found.rows("test", s)), s)], 1)
              for s in seeds]  # fmt: skip
    whole = found.out_of_fold(seeds, values)
    assert whole.shape == (2, COUNT, 2)
    for repetition in whole:
        assert repetition[:, 0].tolist() == list(range(COUNT))
    assert set(whole[0, :, 1]) == set(range(5)) and set(whole[1, :, 1]) == set(range(5, 10))
    with pytest.raises(DataError, match="no whole repetitions of 5 folds"):
        found.out_of_fold(seeds[:-1], values[:-1])


def test_one_split_for_all_seeds_has_no_folds(tmp_path: Path) -> None:
    given = images()
    rows = splits.drawn(given, test_share=0.2)
    arrays.write(tmp_path, given.pixels, LABELS, given.ids, rows, CLASSES)
    assert folds.read(tmp_path) is None
    assert (tmp_path / "index.csv").read_text().splitlines()[0] == "split,row,id,label"
    for split in SPLITS:
        np.testing.assert_array_equal(
            arrays.load(tmp_path, split, 3)[0], arrays.load(tmp_path, split)[0]
        )
