"""A cluster for the session, and a project that was run on this machine, to compare with."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster_project import TRAINING, ClusterProject, Maker
from project import Project, new_project
from slurm import PACKAGES, Cluster, missing_programs


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A SLURM cluster of four nodes; after the session nothing of it is left."""
    missing = missing_programs()
    assert not missing, f"{missing} missing: apt-get install {PACKAGES}"
    # Not pytest's own folder: the path of a socket may have 107 characters.
    folder = Path(tempfile.mkdtemp(prefix="slurm-"))
    cluster = Cluster(folder, nodes=4)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project in which everything has been run without a cluster; to be copied, not changed."""
    project = new_project(tmp_path_factory.mktemp("local"))
    project.configure(training=TRAINING)
    project.run()
    return project


@pytest.fixture(scope="session")
def untrained(cluster: Cluster, local: Project, tmp_path_factory: pytest.TempPathFactory) -> Maker:
    """A maker of projects for the cluster: all is there, but one cell has not been trained."""

    def make(name: str) -> ClusterProject:
        folder = tmp_path_factory.mktemp(name) / "project"
        shutil.copytree(local.folder, folder, symlinks=True)
        project = ClusterProject(folder, cluster)
        shutil.rmtree(project.cell)
        project.log.unlink()
        return project

    return make
