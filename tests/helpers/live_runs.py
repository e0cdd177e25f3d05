"""A small run of Snakemake with its live page: its jobs write what Swatchbook's do.

Each training writes an epoch, waits at the gate of its seed if there is one, so that the test can
look, and writes another epoch or an error.
"""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from paths import ROOT

SNAKEFILE = """\
import json

CELL = "results/{dataset}/{model}/seed-{seed}"

onstart:
    cells = [
        {"wildcards": dict(job.wildcards), "log": str(job.log[0]), "is_to_run": True, "metrics": ""}
        for job in workflow.dag.jobs if job.rule.name == "train_model"
    ]
    told = {"titles": json.load(open("titles.json")), "colours": {"plain": "#0072b2"}}
    logger.info("4 trainings", extra={"swatchbook": told | {"trainings": cells}})

rule all:
    input: "results/report.html"

rule train_model:
    output: CELL + "/model.keras"
    log: "logs/{dataset}/{model}/seed-{seed}/train.log"
    shell: "sh train.sh {log} {output} {wildcards.seed}"

rule evaluate_model:
    input: CELL + "/model.keras"
    output: CELL + "/metrics.json"
    shell: "echo '{{\\"test\\": {{\\"accuracy\\": 0.815}}}}' > {output}"

rule write_report:
    input: expand(CELL + "/metrics.json", dataset="own", model=["plain", "deep"], seed=[0, 1])
    output: "results/report.html"
    log: "logs/report.log"
    shell:
        "echo '2026-01-01 00:00:00,000 INFO verdict: Deep is no better.' > {log}; "
        "cp report.html {output}"
"""
TRAIN = """\
say() { echo "2026-01-01 00:00:$2,000 INFO $1" >> "$log"; }
log=$1
say "2682 parameters" 00
say "epoch 1 of 2: loss 0.5, accuracy 0.71, validation accuracy 0.812, 1.0 s, 1440 images/s" 10
[ -p "gate-$3" ] && cat "gate-$3"
if [ -e broken ]; then
    echo "2026-01-01 00:00:19,000 ERROR the loss is no finite number (try another rate)" >> "$log"
    exit 1
fi
say "epoch 2 of 2: loss 0.4, accuracy 0.72, validation accuracy 0.834, 1.0 s, 1440 images/s" 20
touch "$2"
"""
REPORT = "<!DOCTYPE html><title>Report</title><h1>The report of the test</h1>"
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/[\w-]+/")


@dataclass
class LiveRun:
    """A run in a folder, with its page."""

    folder: Path
    process: subprocess.Popen[str]
    address: str
    said: list[str]

    def open_gates(self) -> None:
        """Let all trainings go on, those that have not begun included."""
        for gate in self.folder.glob("gate-*"):
            descriptor = os.open(gate, os.O_RDWR)
            gate.unlink()
            os.close(descriptor)

    def interrupt(self) -> None:
        """Press Ctrl-C, once all trainings wait at their gates."""
        for state in self.states():
            tables = [table for dataset in state["datasets"] for table in dataset["tables"]]
            rows = [row for table in tables for row in table["rows"].values()]
            if all("curve" in cell for row in rows for cell in row.values()):
                break
        os.killpg(self.process.pid, signal.SIGINT)

    def ended(self) -> int:
        """Wait for the end; return the exit status. What was said is in `said`."""
        rest, _ = self.process.communicate(timeout=120)
        self.said += rest.splitlines()
        return self.process.returncode

    def states(self) -> Iterator[dict]:
        """Return what the page is told, until the server ends."""
        with urllib.request.urlopen(f"{self.address}events", timeout=60) as events:
            for line in events:
                if line.startswith(b"data: {"):
                    yield json.loads(line.removeprefix(b"data: "))


def new_folder(folder: Path, gates: bool = True, title: str = "Own images") -> Path:
    """Make the folder of a run; with gates its trainings wait after their first epoch."""
    (folder / "Snakefile").write_text(SNAKEFILE)
    (folder / "train.sh").write_text(TRAIN)
    (folder / "report.html").write_text(REPORT)
    (folder / "titles.json").write_text(json.dumps({"own": title}))
    for seed in (0, 1) if gates else ():
        os.mkfifo(folder / f"gate-{seed}")
    return folder


@contextmanager
def running(
    folder: Path, *options: str, port: int = 0, environment: dict[str, str] | None = None
) -> Iterator[LiveRun]:
    """Start a run and wait until it has said where its page is."""
    command = [sys.executable, "-m", "snakemake", "--cores", "4", "--logger", "swatchbook"]
    kept = {key: value for key, value in os.environ.items() if key != "SSH_CONNECTION"}
    process = subprocess.Popen(
        [*command, f"--logger-swatchbook-live={port}", *options],
        cwd=folder,
        env={**kept, "PYTHONPATH": str(ROOT / "terminal"), **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    said: list[str] = []
    try:
        for line in process.stdout:
            said.append(line.rstrip("\n"))
            found = ADDRESS.search(line)
            if found:
                break
        assert found, said
        yield LiveRun(folder, process, found[0], said)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.stdout.close()
        process.wait()
