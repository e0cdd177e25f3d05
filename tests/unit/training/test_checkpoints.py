"""A checkpoint is whole or not there, and only the training that it is of goes on from it."""

import json
import logging
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from swatchbook.errors import StorageError, TrainingError
from swatchbook.training import checkpoints
from swatchbook.training.checkpoints import Checkpoints

FINGERPRINT = {
    "layers": [{"flatten": {}}],
    "training": {"epochs": 3, "learning_rate": 0.001},
    "seed": 0,
    "code": "abc",
}
ARRAYS = {
    "weights": np.array([[0.1, -np.inf], [np.nan, 1e-45]], np.float32),
    "iterations": np.array(7, np.int64),
    "seeds": np.array([3, 4], np.int32),
}


def filled(folder: Path, epochs: int = 3, **changes: Any) -> Checkpoints:
    kept = Checkpoints(folder, FINGERPRINT | changes)
    for epoch in range(1, epochs + 1):
        kept.save(epoch, 0, ARRAYS | {"epoch": np.array(epoch)}, {"history": [0.1] * epoch})
    return kept


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_what_is_saved_comes_back_bit_by_bit(tmp_path: Path) -> None:
    found = filled(tmp_path, 1).newest()
    assert found.epoch == 1
    assert found.facts == {"history": [0.1]}
    for name, array in ARRAYS.items():
        assert found.arrays[name].dtype == array.dtype
        assert found.arrays[name].shape == array.shape
        assert found.arrays[name].tobytes() == array.tobytes()


def test_two_are_kept_and_the_newest_is_taken(tmp_path: Path) -> None:
    kept = filled(tmp_path, 12)
    assert [name[:11] for name in names(tmp_path)] == ["epoch-00011", "epoch-00012"]
    assert kept.newest().epoch == 12


def test_nothing_is_there_at_first(tmp_path: Path) -> None:
    assert Checkpoints(tmp_path / "none", FINGERPRINT).newest() is None
    assert not (tmp_path / "none").exists()


def test_all_is_removed_in_the_end(tmp_path: Path) -> None:
    kept = filled(tmp_path / "seed-0")
    (tmp_path / "seed-0" / ".17-left.by-a-kill").mkdir()
    kept.remove()
    assert names(tmp_path) == []
    kept.remove()


@pytest.mark.parametrize("part", ["state.npz", "facts.json", "SHA256SUMS"])
@pytest.mark.parametrize("how", [damage, Path.unlink, lambda path: path.write_bytes(b"")])
def test_a_damaged_one_falls_back_to_the_one_before_and_the_log_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, part: str, how: Any
) -> None:
    kept = filled(tmp_path)
    how(next(tmp_path.glob("epoch-00003-*")) / part)
    assert kept.newest().epoch == 2
    (record,) = caplog.records
    assert "epoch-00003" in record.message and "damaged and not used" in record.message
    kept.save(3, 0, ARRAYS, {})
    assert kept.newest().epoch == 3, "the damaged one is replaced"


@pytest.mark.parametrize("epochs", [1, 2])
def test_no_whole_one_is_an_error_that_says_what_to_do(tmp_path: Path, epochs: int) -> None:
    kept = filled(tmp_path, epochs)
    for path in tmp_path.glob("*/state.npz"):
        damage(path)
    with pytest.raises(TrainingError, match=f"none of {epochs} checkpoint") as caught:
        kept.newest()
    assert str(tmp_path) in str(caught.value)
    assert "make clean-checkpoints" in caught.value.hint
    assert len(names(tmp_path)) == epochs


def test_a_renamed_one_is_not_believed(tmp_path: Path) -> None:
    kept = filled(tmp_path, 1)
    (path,) = tmp_path.iterdir()
    path.rename(path.with_name(path.name.replace("00001", "00009")))
    with pytest.raises(TrainingError, match="none of 1 checkpoint can"):
        kept.newest()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"seed": 1}, "seed (0 then, 1 now)"),
        (
            {"training": {"epochs": 3, "learning_rate": 0.01}},
            "training.learning_rate (0.001 then, 0.01 now)",
        ),
        ({"layers": [{"flatten": {}}, {"dense": {"units": 3}}]}, "it differs in layers"),
        ({"code": "abd", "data": "x"}, "code (abc then, abd now); data (None then, x now)"),
    ],
)
def test_one_of_another_fingerprint_is_not_used_and_the_log_says_what_differs(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, change: dict, said: str
) -> None:
    filled(tmp_path, 1)
    other = Checkpoints(tmp_path, FINGERPRINT | change)
    assert other.newest() is None
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "is not used" in record.message and record.message.endswith(said)
    other.save(1, 0, ARRAYS, {})
    assert len(names(tmp_path)) == 1, "it is discarded as soon as there is a better one"
    assert other.newest().epoch == 1


def test_the_order_of_keys_and_tuples_make_no_other_fingerprint(tmp_path: Path) -> None:
    filled(tmp_path, 1)
    again = dict(reversed(FINGERPRINT.items())) | {"layers": ({"flatten": {}},)}
    assert Checkpoints(tmp_path, again).newest().epoch == 1


def test_one_within_an_epoch_is_newer_than_that_epochs_beginning(tmp_path: Path) -> None:
    kept = filled(tmp_path, 1)
    for step in (9, 10):
        kept.save(1, step, ARRAYS, {})
    assert [name[:19] for name in names(tmp_path)] == ["epoch-00001-step-00", "epoch-00001-step-00"]
    assert (kept.newest().epoch, kept.newest().step) == (1, 10)
    kept.save(2, 0, ARRAYS, {})
    assert (kept.newest().epoch, kept.newest().step) == (2, 0)


def test_a_failed_writing_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = filled(tmp_path, 2)
    before = names(tmp_path)

    def full(path: Path) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(checkpoints, "_sync", full)
    with pytest.raises(StorageError, match="No space left on device"):
        kept.save(3, 0, ARRAYS, {})
    assert names(tmp_path) == before
    assert kept.newest().epoch == 2


def test_a_folder_that_another_process_removed_meanwhile_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = filled(tmp_path / "seed-0", 1)
    sync, calls = checkpoints._sync, []

    def removing(path: Path) -> None:
        calls.append(path)
        if len(calls) == 1:
            kept.remove()
        sync(path)

    monkeypatch.setattr(checkpoints, "_sync", removing)
    kept.save(2, 0, ARRAYS, {})
    assert kept.newest().epoch == 2


def test_pickled_objects_are_neither_written_nor_read(tmp_path: Path) -> None:
    kept = Checkpoints(tmp_path, FINGERPRINT)
    with pytest.raises(ValueError, match="allow_pickle=False"):
        kept.save(1, 0, {"thing": np.array([object()])}, {})
    assert names(tmp_path) == []


def test_it_can_be_checked_by_hand(tmp_path: Path) -> None:
    filled(tmp_path, 1)
    (folder,) = tmp_path.iterdir()
    sums = dict(reversed(line.split("  ")) for line in (folder / "SHA256SUMS").open())
    assert {name.strip() for name in sums} == {"state.npz", "facts.json"}
    assert json.loads((folder / "facts.json").read_text())["fingerprint"] == FINGERPRINT
