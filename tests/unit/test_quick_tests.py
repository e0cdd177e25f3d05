"""Where no test may start a process (make check), each that does is skipped."""

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

import forked


@pytest.mark.parametrize(
    "start",
    [
        lambda: subprocess.run([sys.executable, "-c", ""], check=True),
        lambda: os.system("true"),
        lambda: forked.run("import json", "pass"),
    ],
    ids=["subprocess", "a shell", "forked"],
)
def test_what_starts_a_process_is_no_quick_test(
    start: Callable[[], object], pytestconfig: pytest.Config
) -> None:
    start()
    assert not pytestconfig.getoption("no_processes"), "it was started, and not skipped"
