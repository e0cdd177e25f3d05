"""Snakemake with the SLURM profile as a user runs it, and what became of it."""

import hashlib
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from project import Project
from slurm import Cluster, wait_until

# Epochs enough to be caught in the middle.
TRAINING = {"epochs": 60, "batch_size": 32}
MODEL = "results/own-images/plain/seed-0/model.keras"

# What a run measures of itself, and no other run has.
DURATIONS = r'"(seconds|images_per_second)": [^,\n]+'
RESULTS = (
    "results/*/arrays/*",
    "results/*/*/seed-*/model.keras",
    "results/*/*/seed-*/metrics.json",
    "results/*/*/seed-*/probabilities*.npy",
    "results/*/comparison.json",
)


@dataclass
class ClusterProject(Project):
    """A checkout with a working directory in it, to be run on a cluster."""

    cluster: Cluster

    @property
    def cell(self) -> Path:
        return (self.work / MODEL).parent

    @property
    def log(self) -> Path:
        return self.work / "logs/own-images/plain/seed-0/train.log"

    @property
    def terminal(self) -> Path:
        return self.folder / "terminal"

    def start(self, *arguments: str) -> subprocess.Popen:
        """Start Snakemake with the profile, its terminal in a file."""
        # The cluster keeps no accounts, so squeue is asked; and soon, since jobs are short.
        profile = ["--profile", "workflow/profiles/slurm", "--slurm-status-command", "squeue"]
        profile += ["--slurm-init-seconds-before-status-checks", "2"]
        command = [sys.executable, "-m", "snakemake", "--directory", "work", *profile, *arguments]
        with self.terminal.open("w") as terminal:
            return subprocess.Popen(
                command,
                cwd=self.folder,
                env=self.cluster.environment,
                stdout=terminal,
                stderr=subprocess.STDOUT,
            )

    def said(self, running: subprocess.Popen, within: float = 300) -> str:
        """Wait for Snakemake to end well, so many seconds at most, and return what it said."""
        assert ended(running, within) == 0, self.terminal.read_text()
        return self.terminal.read_text()

    def refused(self, *arguments: str) -> str:
        """Run Snakemake to a bad end and return what it said."""
        assert ended(self.start(*arguments), within=60) != 0
        return self.terminal.read_text()

    def jobs(self) -> list[dict[str, str]]:
        """Return the jobs of this project that the cluster has or had, oldest first."""
        return [job for job in self.cluster.jobs("all") if job["folder"] == str(self.work)]

    def slurm_log(self, job: dict[str, str]) -> str:
        """Return the log that a failed job left of itself; a good one leaves none."""
        (log,) = (self.work / ".snakemake/slurm_logs").rglob(f"{job['id']}.log")
        return log.read_text()

    def caught_training(self) -> dict[str, str]:
        """Wait until a training is in the middle, stop it there and return its job.

        A stopped process waits, however fast the machine is; SIGCONT lets it go on.
        """
        wait_until(lambda: self._epochs() > 2, 120, "the third epoch")
        (job,) = (job for job in self.jobs() if job["state"] == "RUNNING")
        self.cluster.signal_job(job["id"], signal.SIGSTOP)
        return job

    def _epochs(self) -> int:
        said = self.log.read_text() if self.log.is_file() else ""
        return len(re.findall(r" epoch \d+ of \d+: ", said))


Maker = Callable[[str], ClusterProject]  # by a name for its folder


def ended(running: subprocess.Popen, within: float) -> int:
    """Wait for Snakemake's exit status; it does not outlive a test that waited in vain."""
    try:
        return running.wait(within)
    finally:
        running.kill()


def digests(project: Project) -> dict[str, str]:
    """Return the SHA-256 of every result without its durations, by its path."""
    files = sorted(file for pattern in RESULTS for file in project.work.glob(pattern))
    return {
        str(file.relative_to(project.work)): hashlib.sha256(_lasting(file)).hexdigest()
        for file in files
    }


def _lasting(file: Path) -> bytes:
    content = file.read_bytes()
    return re.sub(DURATIONS.encode(), b"", content) if file.suffix == ".json" else content
