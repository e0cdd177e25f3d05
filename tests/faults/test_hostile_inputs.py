"""Every hostile input ends in an error of its own that names the file, and in nothing else."""

from collections import Counter
from pathlib import Path

import pytest

from hostile_inputs import READ, Hostile, all_of_them, good, read
from swatchbook.errors import DataError

HOSTILE = list(all_of_them())


def test_there_are_enough_of_them_and_none_stands_twice() -> None:
    assert sum(hostile.expected != READ for hostile in HOSTILE) >= 60
    assert Counter(map(str, HOSTILE)).most_common(1)[0][1] == 1


@pytest.mark.parametrize("hostile", HOSTILE, ids=str)
def test_a_hostile_input_is_read_right_or_refused(hostile: Hostile, tmp_path: Path) -> None:
    folder, output = tmp_path / "resources", tmp_path / "output"
    good(hostile.kind, folder)
    right = sorted(folder.iterdir())
    hostile.make(folder)
    if hostile.expected == READ:
        good(hostile.kind, tmp_path / "right")
        read(hostile, tmp_path / "right", tmp_path / "expected")
        read(hostile, folder, output)
        for file in (tmp_path / "expected").iterdir():
            assert (output / file.name).read_bytes() == file.read_bytes()
        return
    with pytest.raises(DataError) as caught:
        read(hostile, folder, output)
    told = str(caught.value)
    assert hostile.expected in told
    assert told.startswith(f"{folder / hostile.file}: ")
    assert told.isprintable()
    if hostile.kind == "PNG":
        assert "images that cannot be used: 3 (" in told
    assert not output.exists()
    assert set(folder.iterdir()) <= set(right)
