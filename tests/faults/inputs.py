"""Print what becomes of each hostile input, as a table in Markdown.

    python tests/faults/inputs.py                            # all of them
    python tests/faults/inputs.py "archive: no member"       # one, with its time and its memory

Memory is the process's peak, what Python and its libraries take included.
"""

import re
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / part) for part in ("workflow/scripts", "tests/helpers")]

from hostile_inputs import Hostile, all_of_them, good, read
from swatchbook.errors import SwatchbookError


def observed(hostile: Hostile) -> tuple[str, float]:
    """Return what the library says of an input, and how many seconds it took."""
    with TemporaryDirectory() as place:
        folder = Path(place) / "resources"
        good(hostile.kind, folder)
        hostile.make(folder)
        begin = time.perf_counter()
        try:
            read(hostile, folder, Path(place) / "output")
            told = "read right"
        except SwatchbookError as error:
            told = str(error).replace(f"{folder}/", "")
        except Exception as error:  # what must not be is in the table too
            told = f"**{type(error).__name__}**: {error}"
        told = re.sub(r" at 0x\w+", "", told)  # an address in memory, another one each time
        return told, time.perf_counter() - begin


def cell(text: str) -> str:
    """Write a text so that Markdown shows it as it is."""
    return "`" + text.replace("`", "'").replace("|", "\\|") + "`"


def print_all() -> None:
    results = [(hostile, *observed(hostile)) for hostile in all_of_them()]
    right = sum(told == "read right" for _, told, _ in results)
    print("## Hostile inputs\n")
    print(f"{len(results)} inputs: {len(results) - right} refused, {right} read right.\n")
    print("| kind | input | what is said |\n|---|---|---|")
    for hostile, told, _ in results:
        print(f"| {hostile.kind} | {hostile.name} | {cell(told)} |")
    print()


def print_one(name: str) -> None:
    (hostile,) = (hostile for hostile in all_of_them() if str(hostile) == name)
    told, seconds = observed(hostile)
    # Not getrusage: its peak begins with that of the process which started this one.
    status = Path("/proc/self/status").read_text()
    peak = int(re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)[1]) >> 10
    print(f"{seconds:.2f} s, {peak} MB: {told}")


if __name__ == "__main__":
    print_one(sys.argv[1]) if len(sys.argv) > 1 else print_all()
