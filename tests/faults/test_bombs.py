"""A bomb goes off in a process of its own, whose time and memory are measured."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from hostile_inputs import all_of_them

NAMES = [str(hostile) for hostile in all_of_them()]
BOMBS = [name for name in NAMES if "GB" in name or "bomb" in name]


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_refused_in_ten_seconds_and_a_gigabyte(bomb: str) -> None:
    command = [sys.executable, str(Path(__file__).with_name("inputs.py")), bomb]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    seconds, megabytes = map(float, re.match(r"([\d.]+) s, (\d+) MB: ", said).groups())
    assert "**" not in said and "read right" not in said
    assert seconds < 10
    assert megabytes < 1000
    print(f"{bomb}: {said}", end="")


def test_the_bombs_are_there() -> None:
    assert sum("42 GB" in bomb for bomb in BOMBS) >= 6
