"""Decoding by shards gives what one decoding gives, whatever the number of shards."""

import hashlib
import resource
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from crafted_parquet import write_parquet
from makers import png, write_archive
from swatchbook.data import (
    arrays,
    decoding,
    parquet_table,
    sharding,
    tar_archive,
    zip_archive,
)
from swatchbook.data.archives import Archive
from swatchbook.data.shards import OneHot, Shards, StoredImages
from swatchbook.data.splits import SPLITS
from swatchbook.errors import DataError, StorageError
from swatchbook.files import read_json

RNG = np.random.default_rng(0)
COUNT = 60
CLASSES = ["cat", "dog"]
PIXELS = RNG.integers(0, 256, (COUNT, 6, 9, 3), np.uint8)
SPEC: dict[str, Any] = {
    "format": "archive",
    "archive": {"images": "some.zip", "folders": ["class"]},
    "classes": CLASSES,
    "image": {"height": 6, "width": 6, "channels": 3, "resize": "fit"},
    "split": {"test_share": 0.2, "validation_share": 0.25},
}
BROKEN = 17


def members(broken: bool = False) -> dict[str, bytes]:
    """Images in an order that is not that of their ids."""
    found = {
        f"{CLASSES[number % 3 == 0]}/{number}.png": png(PIXELS[number])
        for number in RNG.permutation(COUNT).tolist()
    }
    if broken:
        found[f"{CLASSES[BROKEN % 3 == 0]}/{BROKEN}.png"] = b"no image"
    return found


def changed(**changes: Any) -> dict[str, Any]:
    return {**SPEC, **changes}


def by_shards(spec: Mapping[str, Any], folder: Path, count: int, output: Path) -> Path:
    sharding.plan(spec, folder, output / "plan")
    plan = output / "plan/plan.parquet"
    shards = [output / f"shards/{number + 1}-of-{count}.npy" for number in range(count)]
    for number, shard in enumerate(shards):
        sharding.decode_shard(spec, folder, plan, number, count, shard)
    sharding.gather(spec, folder, plan, shards, output)
    return output


def assert_same(whole: Path, sharded: Path) -> None:
    for split in SPLITS:
        x, y = arrays.load(whole, split)
        stored, one_hot = arrays.load(sharded, split)
        assert (stored.shape, stored.dtype, len(stored)) == (x.shape, x.dtype, len(x))
        assert (one_hot.shape, one_hot.dtype) == (y.shape, y.dtype)
        assert np.array_equal(stored[:], x) and np.array_equal(one_hot[:], y)
        assert np.array_equal(one_hot.argmax(axis=1), y.argmax(axis=1))
        assert np.array_equal(arrays.labels(sharded, split), arrays.labels(whole, split))
        compact, _ = arrays.load_compact(sharded, split)
        assert np.array_equal(compact[:], arrays.load_compact(whole, split)[0])
        indices = [arrays.read_index(folder, split) for folder in (whole, sharded)]
        assert indices[0].astype(str).equals(indices[1].astype(str))
    assert (whole / "decoding.json").read_text() == (sharded / "decoding.json").read_text()
    with np.load(whole / "originals.npz") as one, np.load(sharded / "originals.npz") as other:
        assert sorted(one) == sorted(other)
        assert all(np.array_equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("suffix", [".zip", ".tar", ".tar.gz", ".7z"])
def test_shards_of_every_archive_hold_what_one_decoding_gives(suffix: str, tmp_path: Path) -> None:
    spec = changed(archive={"images": f"some{suffix}", "folders": ["class"]})
    write_archive(tmp_path / f"some{suffix}", members())
    decoding.decode(spec, tmp_path, tmp_path / "whole")
    for count in (1, 3, 7):
        assert_same(tmp_path / "whole", by_shards(spec, tmp_path, count, tmp_path / str(count)))
    indices = {(tmp_path / count / "index.parquet").read_bytes() for count in "137"}
    assert len(indices) == 1


@pytest.mark.parametrize("archive", [zip_archive.Archive, tar_archive.Archive])
def test_a_shard_finds_its_images_without_a_list_of_the_others(
    archive: type[Archive], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "some.zip" if archive is zip_archive.Archive else "some.tar"
    spec = changed(archive={"images": name, "folders": ["class"]})
    write_archive(tmp_path / name, members() | {".DS_Store": b"", "cat/._1.png": b"litter"})
    sharding.plan(spec, tmp_path, tmp_path)
    monkeypatch.setattr(archive, "members", None)
    sharding.decode_shard(spec, tmp_path, tmp_path / "plan.parquet", 1, 3, tmp_path / "2.npy")
    assert len(np.load(tmp_path / "2.npy")) == COUNT // 3


@pytest.mark.parametrize("name", ["some.zip", "some.tar"])
def test_an_archive_that_was_packed_anew_since_the_plan_is_read_by_its_names(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    spec = changed(archive={"images": name, "folders": ["class"]})
    write_archive(tmp_path / name, members())
    decoding.decode(spec, tmp_path, tmp_path / "whole")
    sharding.plan(spec, tmp_path, tmp_path)
    shards = [tmp_path / f"arrays/{number}-of-2.npy" for number in (1, 2)]
    others = dict(reversed(members().items()))
    write_archive(tmp_path / name, others)
    caplog.set_level("INFO")
    for number, shard in enumerate(shards):
        sharding.decode_shard(spec, tmp_path, tmp_path / "plan.parquet", number, 2, shard)
    assert "was written anew since: its list is read again" in caplog.text
    sharding.gather(spec, tmp_path, tmp_path / "plan.parquet", shards, tmp_path / "arrays")
    assert_same(tmp_path / "whole", tmp_path / "arrays")
    others.popitem()
    write_archive(tmp_path / name, others)
    with pytest.raises(DataError, match="1 images that were in it are not any more"):
        for number, shard in enumerate(shards):
            sharding.decode_shard(spec, tmp_path, tmp_path / "plan.parquet", number, 2, shard)


@pytest.mark.parametrize("name", ["some.zip", "some.tar"])
def test_an_archive_that_was_cut_off_since_the_plan_is_an_error(name: str, tmp_path: Path) -> None:
    spec = changed(archive={"images": name, "folders": ["class"]})
    write_archive(tmp_path / name, members())
    sharding.plan(spec, tmp_path, tmp_path)
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match="the archive is cut off"):
        sharding.decode_shard(spec, tmp_path, tmp_path / "plan.parquet", 2, 3, tmp_path / "3.npy")
    assert not (tmp_path / "3.npy").exists()


PARQUET: dict[str, Any] = {
    "format": "parquet",
    "parquet": {"train": ["b.parquet", "a.parquet"], "test": ["t.parquet"]},
    "split": {"validation_share": 0.25},
}


def write_parquets(folder: Path, **changes: Any) -> None:
    """Three files of 25, 15 and 20 rows in groups of 7; changes are of the first one's columns."""
    for name, rows in (("b", slice(25)), ("a", slice(25, 40)), ("t", slice(40, 60))):
        columns = {
            "image": [(png(pixels),) for pixels in PIXELS[rows]],
            "label": [number % 2 for number in range(COUNT)[rows]],
        }
        changed_ones = changes if name == "b" else {}
        write_parquet(folder / f"{name}.parquet", columns | changed_ones, rows_a_group=7)


def test_shards_of_parquet_files_hold_what_one_decoding_gives(tmp_path: Path) -> None:
    spec = changed(**PARQUET)
    write_parquets(tmp_path)
    decoding.decode(spec, tmp_path, tmp_path / "whole")
    for count in (1, 4, 60):
        assert_same(tmp_path / "whole", by_shards(spec, tmp_path, count, tmp_path / str(count)))


def test_rows_of_parquet_files_without_a_label_or_an_image_are_left_out_of_shards(
    tmp_path: Path,
) -> None:
    out = {**PARQUET["parquet"], "leave_out": ["broken", "unlabelled"]}
    spec = changed(**PARQUET | {"parquet": out})
    files: list[Any] = [(png(pixels),) for pixels in PIXELS[:25]]
    files[3], files[24] = None, (b"no image",)
    labels = [number % 2 for number in range(25)]
    labels[0] = labels[5] = labels[12] = -1
    write_parquets(tmp_path, image=files, label=labels)
    decoding.decode(spec, tmp_path, tmp_path / "whole")
    sharded = by_shards(spec, tmp_path, 3, tmp_path / "parts")
    assert_same(tmp_path / "whole", sharded)
    notes = read_json(sharded / "decoding.json")["left_out"]
    assert notes["unlabelled"] == ["train/0", "train/5", "train/12"]
    assert [text.split()[0] for text in notes["broken"]] == ["train/3", "train/24"]
    with pytest.raises(DataError, match=r"train/3 \(there is no image in its row\)"):
        labelled = changed(**PARQUET | {"parquet": {**out, "leave_out": ["unlabelled"]}})
        by_shards(labelled, tmp_path, 3, tmp_path / "refused")


def test_images_that_are_left_out_leave_no_gaps(tmp_path: Path) -> None:
    archive = {**SPEC["archive"], "leave_out": ["broken"]}
    spec = changed(archive=archive)
    write_archive(tmp_path / "some.zip", members(broken=True))
    decoding.decode(spec, tmp_path, tmp_path / "whole")
    assert_same(tmp_path / "whole", by_shards(spec, tmp_path, 4, tmp_path / "parts"))


def test_a_broken_image_is_named_by_the_shard_that_has_it(tmp_path: Path) -> None:
    write_archive(tmp_path / "some.zip", members(broken=True))
    with pytest.raises(DataError, match=rf"images that cannot be used: {BROKEN} \("):
        by_shards(SPEC, tmp_path, 4, tmp_path / "parts")


def test_pinned_contents_are_those_of_one_decoding(tmp_path: Path) -> None:
    write_archive(tmp_path / "some.zip", members())
    fitted = by_shards(SPEC, tmp_path, 2, tmp_path / "first")
    index = parquet_table.read(fitted / "index.parquet").sort_values(
        "id", key=lambda ids: ids.map(int)
    )
    pixels = Shards.read(fitted / "shards.json").take(index["place"].to_numpy())
    content = {"images": hashlib.sha256(pixels.tobytes()).hexdigest()}
    decoding.decode(changed(content=content), tmp_path, tmp_path / "whole")
    by_shards(changed(content=content), tmp_path, 3, tmp_path / "second")
    with pytest.raises(DataError, match="not the pinned"):
        by_shards(changed(content={"images": "0" * 64}), tmp_path, 3, tmp_path / "third")


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    write_archive(tmp_path / "some.zip", members())
    return by_shards(SPEC, tmp_path, 3, tmp_path / "parts")


def test_any_rows_are_read_in_any_way(parts: Path, tmp_path: Path) -> None:
    decoding.decode(SPEC, tmp_path, tmp_path / "whole")
    x, y = arrays.load(tmp_path / "whole", "train")
    stored, one_hot = arrays.load(parts, "train", mapped=True)
    keys = [
        3,
        -1,
        slice(4, 20),
        slice(None, None, -2),
        RNG.permutation(len(x)),
        [1, 1, 0],
        x[:, 0, 0, 0] > 0.5,
    ]
    for key in keys:
        assert np.array_equal(stored[key], x[key])
        assert np.array_equal(one_hot[key], y[key])
    assert [image.tolist() for image in stored] == x.tolist()
    assert (stored.min(), stored.max()) == (x.min(), x.max())
    assert stored.mean() == pytest.approx(x.mean(dtype=np.float64), rel=1e-12)
    assert np.array_equal(one_hot.sum(axis=0), y.sum(axis=0))
    assert one_hot.mean(axis=0) == pytest.approx(y.mean(axis=0))


DAMAGES = {
    "one byte is another one": (
        lambda content: content[:-1] + bytes([content[-1] ^ 1]),
        "is damaged",
    ),
    "cut short": (lambda content: content[:-5], "is cut short"),
    "no array": (lambda content: b"x" * len(content), "cannot be read"),
    "gone": (lambda content: None, "No such file"),
}


@pytest.mark.parametrize(("damage", "told"), DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_shard_is_named(damage: Any, told: str, parts: Path) -> None:
    shard = parts / "shards/2-of-3.npy"
    content = damage(shard.read_bytes())
    shard.unlink() if content is None else shard.write_bytes(content)
    with pytest.raises(DataError, match=told) as raised:
        Shards.read(parts / "shards.json").verify()
    assert raised.value.where == shard
    assert "this shard alone" in raised.value.hint


def test_shards_are_read_from_another_disk_once_they_are_brought_there(
    parts: Path, tmp_path: Path
) -> None:
    local = tmp_path / "local"
    local.mkdir()
    shards = Shards.read(parts / "shards.json")
    before = shards.take(np.arange(COUNT))
    files = sorted((parts / "shards").glob("*.npy"))
    assert shards.bring_to(local) == sum(path.stat().st_size for path in files)
    for path in files:
        path.write_bytes(bytes(path.stat().st_size))
    assert np.array_equal(shards.take(np.arange(COUNT)), before)
    assert list(local.iterdir()) == []  # nothing to clear away, however the process ends


def test_a_shard_that_is_damaged_is_named_when_it_is_brought(parts: Path, tmp_path: Path) -> None:
    shard = parts / "shards/3-of-3.npy"
    shards = Shards.read(parts / "shards.json")
    shard.write_bytes(shard.read_bytes()[:-1] + b"?")
    with pytest.raises(DataError, match="is damaged") as raised:
        shards.bring_to(tmp_path)
    assert raised.value.where == shard


def test_a_disk_without_room_for_shards_is_named(parts: Path) -> None:
    shards = Shards.read(parts / "shards.json")
    with pytest.raises(StorageError, match="No such file or directory") as raised:
        shards.bring_to(parts / "nowhere")
    assert raised.value.where == parts / "nowhere"
    assert f"{shards.file_bytes:,} bytes" in raised.value.hint
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200, limit[1]))
    try:
        with pytest.raises(StorageError, match="File too large"):
            shards.bring_to(parts)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)


def test_what_images_are_told_apart_by_depends_on_which_and_where(parts: Path) -> None:
    train, _ = arrays.load_compact(parts, "train")
    again, _ = arrays.load_compact(parts, "train")
    test, _ = arrays.load_compact(parts, "test")
    assert train.digest() == again.digest() != test.digest()


def test_a_table_is_the_same_bytes_and_damage_is_told(tmp_path: Path, parts: Path) -> None:
    path = parts / "index.parquet"
    parquet_table.write(parquet_table.read(path), tmp_path / "again.parquet")
    assert (tmp_path / "again.parquet").read_bytes() == path.read_bytes()
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(DataError, match="cannot be read"):
        arrays.load(parts, "train")


def test_what_shrinks_an_image_does_so_in_a_shard(parts: Path) -> None:
    stored, _ = arrays.load_compact(parts, "test")
    index = arrays.read_index(parts, "test")
    first = PIXELS[int(index["id"].iloc[0])]
    fitted = cv2.resize(first, (6, 4), interpolation=cv2.INTER_AREA)
    assert isinstance(stored, StoredImages) and stored[0].shape == (6, 6, 3)
    assert np.abs(stored[0][1:5].astype(int) - fitted).max() <= 1


def test_arrays_beyond_their_limit_are_refused_with_the_number_of_shards(tmp_path: Path) -> None:
    write_archive(tmp_path / "some.zip", members())
    size = COUNT * 6 * 6 * 3 * 4
    decoding.decode(changed(limits={"array_bytes": size}), tmp_path, tmp_path / "whole")
    with pytest.raises(DataError, match=r"60 images would be arrays of 0\.0 GB") as raised:
        decoding.decode(changed(limits={"array_bytes": size - 1}), tmp_path, tmp_path / "no")
    assert "`shards: 2`" in raised.value.hint
    assert not (tmp_path / "no").exists()


def test_labels_take_no_room_for_classes() -> None:
    labels = OneHot(np.arange(1000, dtype=np.int32), 1000)
    assert labels.nbytes == 4000
    assert np.array_equal(labels[[5]], np.eye(1000, dtype=np.float32)[[5]])
