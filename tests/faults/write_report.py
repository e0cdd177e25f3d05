"""Make the faults happen and write what was seen, as Markdown.

    python tests/faults/write_report.py FILE [--kills-of-trainings 20] [--kills-of-workflows 50]
        [--kills-by-shards 30]

The tests of this folder run one by one; then trainings and whole workflows are killed at random
moments; then the hostile inputs are tried, and others are searched for, each kind for a minute,
where the extra `fuzz` is installed. The exit code is 1 if anything was not as it should be; the
file is written in any case.
"""

import argparse
import datetime
import os
import platform
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from importlib.util import find_spec
from pathlib import Path

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]


def faults(folder: Path) -> tuple[list[str], bool]:
    """Run the tests of this folder; return a table of them, and whether none failed."""
    results = folder / "results.xml"
    command = [sys.executable, "-m", "pytest", "-q", str(FOLDER), f"--junitxml={results}"]
    command += ["-o", "junit_family=xunit1"]  # the newer one has no properties of single tests
    passed = subprocess.run(command, cwd=ROOT, stdout=sys.stderr).returncode == 0
    rows = []
    for case in ElementTree.parse(results).iter("testcase"):
        name, _, variant = str(case.get("name")).partition("[")
        what = name.removeprefix("test_").replace("_", " ")
        variant = f" ({variant.rstrip(']')})" if variant else ""
        outcome = "observed"
        for kind in ("failure", "error", "skipped"):
            if (found := case.find(kind)) is not None:
                outcome = f"**{kind}**: {str(found.get('message')).splitlines()[0]}"
        rows.append(f"| {what}{variant} | {outcome} | {told(case)} |")
    table = ["| what should happen | result | what the user is told |", "|---|---|---|", *rows]
    return ["## Faults, one by one", "", *table, ""], passed


def told(case: ElementTree.Element) -> str:
    """Return what a test recorded of the lines that a user sees."""
    lines = [str(one.get("value")) for one in case.iter("property") if one.get("name") == "told"]
    return "<br>".join(f"`{line.replace('|', chr(92) + '|')}`" for line in lines)


def script(name: str, *options: str) -> tuple[list[str], bool]:
    """Run a script of this folder; return what it prints, and whether all was well."""
    command = [sys.executable, str(FOLDER / name), *options]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    said = done.stdout.splitlines() or [f"## {name}", "", "**It failed and printed nothing.**", ""]
    return said, done.returncode == 0


def fuzzing(folder: Path) -> tuple[list[str], bool]:
    """Run each fuzz target for a minute; return a table of them, and whether nothing was found."""
    rows, well = [], True
    for target in (
        ("idx", "labels", "names", "headers", "zips", "tars") if find_spec("atheris") else ()
    ):
        command = [sys.executable, str(ROOT / "tests" / "fuzz" / "fuzz_inputs.py"), target]
        command += ["-max_total_time=60", f"-artifact_prefix={folder}/"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace")
        executions = re.search(r"^Done (\d+) runs", done.stderr, re.MULTILINE)
        last = (done.stderr.splitlines() or ["nothing was said"])[-1]
        outcome = f"**`{last}`**" if done.returncode else "nothing"
        rows.append(f"| {target} | {int(executions[1]) if executions else 0:,} | {outcome} |")
        well &= done.returncode == 0
    if not rows:
        return ["## Fuzzing", "", "Not run: the extra `fuzz` is not installed.", ""], True
    table = ["| input | executions in a minute | what was found |", "|---|---|---|", *rows]
    return ["## Fuzzing", "", *table, ""], well


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--kills-of-trainings", type=int, default=20)
    parser.add_argument("--kills-of-workflows", type=int, default=50)
    parser.add_argument("--kills-by-shards", type=int, default=30)
    options = parser.parse_args()
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    lines = [
        "# Faults, and what was seen",
        "",
        f"Written by `make fault-report` on {today}, on {os.cpu_count()} cores, "
        f"{platform.system()}, Python {platform.python_version()}. "
        "What a user can do about an error is in [errors.md](errors.md).",
        "",
    ]
    with tempfile.TemporaryDirectory() as folder:
        parts = [
            faults(Path(folder)),
            script("kill_training.py", "--kills", str(options.kills_of_trainings)),
            script("kill_workflow.py", "--kills", str(options.kills_of_workflows)),
            script("kill_workflow.py", "--kills", str(options.kills_by_shards), "--shards", "3"),
            script("inputs.py"),
            fuzzing(Path(folder)),
        ]
    for part, _ in parts:
        lines += part
    options.file.write_text("\n".join(lines), encoding="utf-8")
    sys.exit(not all(well for _, well in parts))


if __name__ == "__main__":
    main()
