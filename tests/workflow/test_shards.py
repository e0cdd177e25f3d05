"""A data set that is decoded by shards, from its archive to its report."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from project import Project, new_project
from sharded_project import ARRAYS, INDEX, RESULTS, divide
from shared import made_once
from swatchbook.data import arrays
from swatchbook.data.splits import SPLITS


@pytest.fixture(scope="module")
def sharded(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project of three shards, run to its report; to be copied, not changed."""

    def make(folder: Path) -> None:
        project = new_project(folder)
        divide(project, 3)
        project.run("results/report.html")

    return Project(made_once(tmp_path_factory, "shards", make))


@pytest.fixture
def copy(sharded: Project, tmp_path: Path) -> Project:
    shutil.copytree(sharded.folder, tmp_path / "copy", symlinks=True)
    return Project(tmp_path / "copy")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The same, decoded as a whole, as far as its comparison."""

    def make(folder: Path) -> None:
        project = new_project(folder)
        project.run(f"{RESULTS}/checks/summary.json", f"{RESULTS}/per_class.csv", "evaluate")

    return Project(made_once(tmp_path_factory, "unsharded", make))


def test_shards_lead_to_the_results_of_the_whole(sharded: Project, whole: Project) -> None:
    folders = [project.work / RESULTS for project in (sharded, whole)]
    for split in SPLITS:
        (x, y), (x_whole, y_whole) = (arrays.load(folder / "arrays", split) for folder in folders)
        assert np.array_equal(x[:], x_whole) and np.array_equal(y[:], y_whole)
    same = ["checks/duplicates.csv", "checks/summary.json", "per_class.csv"]
    for cell in sorted(folders[1].glob("*/seed-*")):
        name = cell.relative_to(folders[1])
        same += [f"{name}/{file}" for file in ("model.keras", "probabilities.npy", "metrics.json")]
    assert len(same) > 3
    for file in same:
        assert (folders[0] / file).read_bytes() == (folders[1] / file).read_bytes(), file
    assert (sharded.work / "results/report.html").exists()


def test_nothing_is_left_to_do(sharded: Project) -> None:
    assert sharded.planned("results/report.html") == {}


def test_a_shard_that_is_gone_is_decoded_alone(copy: Project) -> None:
    for suffix in ("npy", "json", "npz"):
        (copy.work / f"{ARRAYS}/shards/2-of-3.{suffix}").unlink()
    (copy.work / INDEX).unlink()
    assert copy.planned(INDEX) == {"decode_shard": 1, "gather_shards": 1}
    before = (copy.work / f"{ARRAYS}/shards/1-of-3.npy").stat().st_mtime_ns
    copy.run(INDEX)
    assert (copy.work / f"{ARRAYS}/shards/1-of-3.npy").stat().st_mtime_ns == before


def test_another_number_of_shards_leads_to_the_same_rows(copy: Project) -> None:
    before = (copy.work / INDEX).read_bytes()
    divide(copy, 5)
    copy.run(INDEX)
    assert (copy.work / INDEX).read_bytes() == before
    assert (copy.work / f"{ARRAYS}/shards/5-of-5.npy").exists()


def test_a_training_copies_shards_to_the_disk_that_is_named_and_says_so(
    copy: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = f"{RESULTS}/plain/seed-0/model.keras"
    before = (copy.work / model).read_bytes()
    assert copy.planned("--config", "local_disk=/tmp", "--", model) == {}
    (copy.work / model).unlink()
    (copy.work / "local").mkdir()
    monkeypatch.setenv("SOME_DISK", str(copy.work / "local"))
    copy.run("--config", "local_disk=$SOME_DISK", "--", model)
    assert (copy.work / model).read_bytes() == before
    size = sum(path.stat().st_size for path in (copy.work / f"{ARRAYS}/shards").glob("*.npy"))
    log = (copy.work / "logs/own-images/plain/seed-0/train.log").read_text()
    assert f"3 shards copied to {copy.work}/local: {size} bytes in " in log
    (copy.work / model).unlink()
    refused = copy.snakemake("--config", "local_disk=$NO_DISK", "--", model)
    assert refused.returncode != 0
    assert "$NO_DISK: shards cannot be copied there: No such file" in refused.stdout


def test_the_images_of_shards_are_extracted_to_look_at(copy: Project) -> None:
    copy.run("extract")
    assert len(list((copy.work / f"{RESULTS}/images").glob("*.png"))) == 2000
