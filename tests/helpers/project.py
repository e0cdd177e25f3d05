"""A small project on the demo's own images, and Snakemake as a user runs it."""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import yaml

import forked
from paths import ROOT

# One small data set, two small models, one seed and one epoch: every stage runs, none for long.
MODELS = {
    "plain": {"layers": [{"conv": {"filters": 4}}, {"pool": {"size": 4}}, {"flatten": {}}]},
    "dropped": {
        "layers": [
            {"conv": {"filters": 4}},
            {"pool": {"size": 4}},
            {"dropout": {"rate": 0.2}},
            {"flatten": {}},
        ]
    },
}
STAGES = (
    "download",
    "extract",
    "decode",
    "explore",
    "train",
    "evaluate",
    "compare",
    "check",
    "analyse",
    "export",
    "search",
    "try",
)
CONFIG = {
    "datasets": ["own-images"],
    "models": MODELS,
    "seeds": [0],
    "training": {"epochs": 1},
}


@dataclass
class Project:
    """A checkout of the workflow with a working directory in it."""

    folder: Path

    OPTIONS: ClassVar[tuple[str, ...]] = ("--directory", "work")

    @property
    def work(self) -> Path:
        return self.folder / "work"

    def configure(self, **changes: object) -> None:
        text = yaml.safe_dump({**CONFIG, **changes}, sort_keys=False)
        (self.work / "config" / "config.yaml").write_text(text)

    def snakemake(self, *arguments: str, cores: int = 2) -> subprocess.CompletedProcess[str]:
        """Run Snakemake in the checkout on its working directory; both streams in ``stdout``."""
        command = [sys.executable, "-m", "snakemake", *self.OPTIONS, "--cores", str(cores)]
        return subprocess.run(
            [*command, *arguments],
            cwd=self.folder,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def run(self, *arguments: str) -> str:
        """Run Snakemake to a good end and return what it said."""
        done = self.snakemake(*arguments)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def dry_run(self, *arguments: str) -> str:
        """Return what Snakemake says of its plan; only this is done in a forked process."""
        command = [*self.OPTIONS, "--cores", "2", "--dry-run", *arguments]
        # Each job with its files and reason, as Snakemake says it.
        code = "import os; os.environ['SNAKEMAKE_LOGGER_SWATCHBOOK_STYLE'] = 'snakemake'\n"
        code += "from snakemake.cli import main; main()"
        done = forked.run(forked.SNAKEMAKE, code, *command, folder=self.folder, together=True)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def planned(self, *arguments: str) -> dict[str, int]:
        """Return how many jobs of each rule would run, targets left out; empty if nothing would."""
        said = self.dry_run(*arguments)
        if "Nothing to be done" in said:
            return {}
        table = said.rpartition("Job stats:")[2].partition("total")[0]
        rows = re.findall(r"^(\w+) +(\d+)$", table, flags=re.MULTILINE)
        targets = {"default", *STAGES}
        return {rule: int(count) for rule, count in rows if rule not in targets}

    def planned_cells(self, *arguments: str) -> set[str]:
        """Return the model and seed of each training that would run, as ``model/seed``."""
        said = self.dry_run(*arguments)
        jobs = re.findall(
            r"rule train_model:.*?wildcards: dataset=\S+, model=(\S+), seed=(\d+)", said, re.DOTALL
        )
        return {f"{model}/{seed}" for model, seed in jobs}


def new_project(folder: Path) -> Project:
    """Copy the workflow, and the demo's own images as a working directory, into `folder`."""
    shutil.copy(ROOT / "Snakefile", folder)
    shutil.copytree(
        ROOT / "workflow", folder / "workflow", ignore=shutil.ignore_patterns("__pycache__")
    )
    (folder / "profiles").symlink_to("workflow/profiles")
    for part in ("config/datasets/own-images.yaml", "resources/own-images"):
        source, target = ROOT / "demo" / part, folder / "work" / part
        target.parent.mkdir(parents=True)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
    project = Project(folder)
    project.configure()
    return project
