"""The Snakefile, read by a Snakemake that has nothing but what it brings itself.

So a workflow is read where its jobs have an environment of their own (`--sdm conda`), and where the
catalogue of Snakemake workflows checks it.
"""

import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from paths import ROOT
from project import Project

# Runs Snakemake as if the packages of the first argument, and its plugins, were not installed.
WITHOUT = """
import pkgutil
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in missing:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

missing = sys.argv.pop(1).split(",")
sys.meta_path.insert(0, Missing())
installed = list(pkgutil.iter_modules())
pkgutil.iter_modules = lambda: (one for one in installed if "_plugin_" not in one.name)
from snakemake.cli import main
main()
"""


def brought_by(distribution: str) -> set[str]:
    """Return the distributions that come with one, itself included."""
    found, waiting = set(), [distribution]
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in found:
            continue
        found.add(name)
        for text in metadata.requires(name) or ():
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(requirement.name)
    return found


@pytest.fixture(scope="module")
def missing() -> str:
    """The modules of all dependencies of this project that Snakemake does not bring."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    there = brought_by("snakemake")
    names = {canonicalize_name(Requirement(text).name) for text in project["dependencies"]}
    modules = metadata.packages_distributions().items()
    found = {
        module
        for module, distributions in modules
        if {canonicalize_name(name) for name in distributions} & (names - there)
    }
    assert {"tensorflow", "keras", "numpy", "pandas", "cv2"} <= found
    return ",".join(sorted(found))


def read(folder: Path, missing: str, *arguments: str) -> str:
    command = [sys.executable, "-c", WITHOUT, missing, "--cores", "1", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_it_plans_the_workflow(project: Project, missing: str) -> None:
    said = read(project.folder, missing, "--directory", "work", "--dry-run")
    assert "write_report" in said


def test_it_leaves_layers_of_keras_to_the_job(project: Project, missing: str) -> None:
    layers = [{"LayerNormalization": {}}, {"flatten": {}}]
    project.configure(models={"plain": {"layers": layers}})
    assert "write_report" in read(project.folder, missing, "--directory", "work", "--dry-run")


def test_it_finds_nothing_to_complain_about(missing: str) -> None:
    assert "in a good condition" in read(ROOT, missing, "--lint")
