"""Other workflows that use this one as a module, on the demo's own images."""

import shutil
from pathlib import Path

import yaml

from paths import ROOT
from project import CONFIG, MODELS, Project

# As little as there can be.
SMALL = {**CONFIG, "models": {"plain": MODELS["plain"]}}


def using_project(folder: Path, snakefile: str, config: dict, places: list[str]) -> Project:
    """Make a workflow with a working directory in it.

    Parameters
    ----------
    snakefile, config
        The content of its Snakefile and of its configuration file.
    places
        The folders of the working directory in which the images are expected.
    """
    project = Project(folder)
    (folder / "workflow").mkdir(parents=True)
    (folder / "workflow" / "Snakefile").write_text(snakefile)
    (project.work / "config" / "datasets").mkdir(parents=True)
    (project.work / "config" / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    put_images(project.work, places)
    return project


def put_images(work: Path, places: list[str]) -> None:
    """Put the demo's own images, and the file that describes them, into a working directory."""
    shutil.copy(ROOT / "demo/config/datasets/own-images.yaml", work / "config" / "datasets")
    for place in places:
        shutil.copytree(ROOT / "demo/resources/own-images", work / place / "resources/own-images")
