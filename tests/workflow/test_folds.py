"""A cross-validated data set, from its archive to its report and its best model."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from project import Project, new_project
from shared import made_once
from swatchbook.data import folds

RESULTS = "results/own-images"
SEEDS = [0, 1, 2]


def divide(project: Project, split: str) -> None:
    """Give the data set another split."""
    file = project.work / "config/datasets/own-images.yaml"
    file.write_text(file.read_text().rpartition("split:")[0] + f"split: {split}\n")


def configure(project: Project, seeds: list[int]) -> None:
    project.configure(seeds=seeds, export={"formats": ["onnx"]})


@pytest.fixture(scope="module")
def crossed(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project of three folds, run and its best model exported; to be copied, not changed."""

    def make(folder: Path) -> None:
        project = new_project(folder)
        divide(project, "{folds: 3, stratified: true}")
        configure(project, SEEDS)
        project.run("results/report.html", "export")

    return Project(made_once(tmp_path_factory, "folds", make))


@pytest.fixture
def copy(crossed: Project, tmp_path: Path) -> Project:
    shutil.copytree(crossed.folder, tmp_path / "copy", symlinks=True)
    return Project(tmp_path / "copy")


def test_each_image_is_predicted_by_the_run_that_has_not_seen_it(crossed: Project) -> None:
    found = folds.read(crossed.work / RESULTS / "arrays")
    assert found is not None and found.count == 3
    index = pd.read_csv(crossed.work / RESULTS / "arrays/index.csv", dtype={"id": str})
    predicted = []
    for seed in SEEDS:
        cell = crossed.work / RESULTS / f"plain/seed-{seed}"
        table = pd.read_csv(cell / "predictions.csv", dtype={"id": str})
        assert table["row"].tolist() == found.rows("test", seed).tolist()
        assert table["id"].tolist() == index["id"].iloc[table["row"]].tolist()
        assert len(np.load(cell / "probabilities.npy")) == len(table)
        run = json.loads((cell / "run.json").read_text())
        assert run["training_images"] == len(found.rows("train", seed))
        assert (run["fold"]["repetition"], run["fold"]["fold"]) == (0, seed)
        predicted += table["row"].tolist()
    assert sorted(predicted) == list(range(len(index)))


def test_the_report_says_what_is_cross_validated(crossed: Project) -> None:
    page = (crossed.work / "results/report.html").read_text(encoding="utf-8")
    text = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert "each of the 2,000 images is tested once, by a model that has not seen it" in text
    assert "corrected resampled t-test" in text and "3 folds each" in text


def test_the_best_model_is_proven_on_its_own_fold(crossed: Project) -> None:
    best = crossed.work / RESULTS / "best"
    said = json.loads((best / "export.json").read_text())
    run = crossed.work / RESULTS / said["model"] / f"seed-{said['seed']}"
    assert said["test_images"] == len(np.load(run / "probabilities.npy"))
    assert said["accuracy"] == json.loads((run / "metrics.json").read_text())["test"]["accuracy"]
    assert "cross-validated on all 2,000 images: 3 folds" in (best / "README.md").read_text()


def test_a_repetition_more_trains_itself_alone(copy: Project) -> None:
    assert copy.planned() == {}
    configure(copy, [0, 1, 2, 3, 4, 5])
    models = ("plain", "dropped")
    assert copy.planned_cells() == {f"{model}/{seed}" for model in models for seed in (3, 4, 5)}
    assert "decode_dataset" not in copy.planned()


@pytest.mark.parametrize(
    ("seeds", "told"),
    [([0, 1], "is [0, 1]"), ({"from": 3, "to": 8, "until": "decided"}, "until decided")],
)
def test_seeds_that_are_no_repetitions_are_refused_in_one_line(
    project: Project, seeds: object, told: str
) -> None:
    divide(project, "{folds: 3}")
    project.configure(seeds=seeds)
    stopped = project.snakemake("--dry-run")
    assert stopped.returncode != 0
    (line,) = (one for one in stopped.stdout.splitlines() if "swatchbook: error" in one)
    assert told in line and "whole repetitions, 3 seeds each" in line


def test_a_share_beside_folds_is_refused_in_one_line(project: Project) -> None:
    divide(project, "{folds: 3, test_share: 0.2}")
    configure(project, SEEDS)
    stopped = project.snakemake("decode")
    assert stopped.returncode != 0
    lines = [one for one in stopped.stdout.splitlines() if "split.test_share" in one]
    assert lines and "a share of 0.2" in lines[0]
