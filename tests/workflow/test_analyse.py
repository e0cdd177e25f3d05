"""How models fail: on or off, after training, again only for what it depends on."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from parsed_page import text_of
from project import Project, new_project
from shared import made_once

FOLDER = "results/own-images"
ANALYSIS = {
    "corruptions": {"images": 40},
    "prediction_sets": {"coverage": 0.8},
    "label_errors": True,
}
JOBS = {
    "predict_corrupted": 1,
    "sum_up_corruptions": 1,
    "make_prediction_sets": 1,
    "compare_label_errors": 1,
}


@pytest.fixture(scope="module")
def analysed(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The finished project with all analyses and its report; to be copied, not changed."""

    def make(folder: Path) -> None:
        shutil.copytree(finished.folder, folder, symlinks=True, dirs_exist_ok=True)
        project = Project(folder)
        project.configure(analysis=ANALYSIS)
        project.run("results/report.html", "analyse")

    return Project(made_once(tmp_path_factory, "analysed", make))


@pytest.fixture
def copied(analysed: Project, tmp_path: Path) -> Project:
    shutil.copytree(analysed.folder, tmp_path / "copy", symlinks=True)
    return Project(tmp_path / "copy")


def test_nothing_is_analysed_unless_it_is_asked_for(done: Project) -> None:
    assert done.planned() == {}
    stopped = done.snakemake("--dry-run", "analyse")
    assert stopped.returncode != 0 and "Traceback" not in stopped.stdout
    (line,) = (one for one in stopped.stdout.splitlines() if "swatchbook: error" in one)
    assert "nothing under 'analysis' is on" in line and "config/README.md" in line


def test_an_analysis_that_is_turned_on_trains_nothing(done: Project) -> None:
    done.configure(analysis=ANALYSIS)
    assert done.planned() == JOBS | {"write_report": 1}
    assert done.planned("analyse") == JOBS
    done.configure(analysis={"label_errors": True})
    assert done.planned("analyse") == {"compare_label_errors": 1}


def test_what_is_analysed_stands_in_files_and_on_the_page(analysed: Project) -> None:
    work = analysed.work
    right = np.load(work / FOLDER / "corruptions/right.npz")["right"]
    assert right.shape == (2, 1, 76, 40) and set(np.unique(right)) <= {0, 1}
    table = pd.read_csv(work / FOLDER / "corruptions/corruptions.csv")
    assert len(table) == 2 * 76 and set(table["images"]) == {40}
    found = json.loads((work / FOLDER / "prediction_sets/summary.json").read_text())
    assert found["wanted"] == 0.8 and set(found["models"]) == {"plain", "dropped"}
    agreement = json.loads((work / FOLDER / "label_errors/summary.json").read_text())
    assert agreement["both"] + agreement["only_ours"] + agreement["neither"] <= agreement["images"]
    page = text_of(work / "results/report.html")
    assert "40 test images that are blurred, noisy" in page
    record = json.loads((work / FOLDER / "corruptions/provenance.json").read_text())
    assert record["rule"] == "sum_up_corruptions"
    # No corrupted image was kept.
    assert not [path for path in (work / FOLDER / "corruptions").glob("*.npy")]


def test_the_clean_accuracy_is_that_of_the_evaluation(analysed: Project) -> None:
    folder = analysed.work / FOLDER
    with np.load(folder / "corruptions/right.npz") as stored:
        rows, right = stored["rows"], stored["right"]
    labels = np.load(folder / "arrays/y_test.npy").argmax(1)
    for number, model in enumerate(("plain", "dropped")):
        called = np.load(folder / model / "seed-0/probabilities.npy").argmax(1)
        assert right[number, 0, 0].tolist() == (called == labels)[rows].astype(int).tolist()


def test_a_second_run_does_nothing_and_a_setting_reruns_what_it_changes(copied: Project) -> None:
    assert copied.planned() == copied.planned("analyse") == {}
    copied.configure(analysis=ANALYSIS | {"corruptions": {"images": 41}})
    assert copied.planned() == {
        "predict_corrupted": 1,
        "sum_up_corruptions": 1,
        "write_report": 1,
    }
    copied.configure(analysis=ANALYSIS | {"prediction_sets": {"coverage": 0.9}})
    assert copied.planned() == {"make_prediction_sets": 1, "write_report": 1}
    copied.configure(analysis=ANALYSIS)
    assert copied.planned("--forcerun", "analyse") == JOBS | {"write_report": 1}
    copied.configure()
    assert copied.planned() == {"write_report": 1}


def test_only_as_many_seeds_are_waited_for_as_are_tried(project: Project) -> None:
    seeds = {"from": 3, "to": 5, "until": "decided"}
    project.configure(seeds=seeds, analysis=ANALYSIS)
    planned = project.planned(f"{FOLDER}/corruptions/summary.json")
    assert "look_at_runs" not in planned and planned["train_model"] == 6
    project.configure(seeds=seeds, analysis={"corruptions": {"images": 40, "seeds": 4}})
    planned = project.planned(f"{FOLDER}/corruptions/summary.json")
    assert planned["look_at_runs"] == 1
    project.configure(seeds=[4, 9, 2], analysis={"corruptions": {"images": 40, "seeds": 2}})
    said = project.dry_run(f"{FOLDER}/corruptions/right.npz")
    assert "seed-4" in said and "seed-9" in said and "seed-2" not in said


def test_of_a_cross_validation_whole_repetitions_are_tried(project: Project) -> None:
    file = project.work / "config/datasets/own-images.yaml"
    spec = yaml.safe_load(file.read_text())
    spec["split"] = {"folds": 3}
    file.write_text(yaml.safe_dump(spec))
    for wanted, trained in ((1, 3), (5, 3), (6, 6)):
        analysis = {"corruptions": {"images": 40, "seeds": wanted}}
        project.configure(seeds=list(range(6)), analysis=analysis)
        planned = project.planned(f"{FOLDER}/corruptions/right.npz")
        assert planned["train_model"] == 2 * trained


def test_what_an_ablation_makes_is_left_out(tmp_path: Path) -> None:
    project = new_project(tmp_path)
    ablation = {"base": "plain", "changes": {"batch": {"path": "training.batch_size", "value": 9}}}
    project.configure(analysis=ANALYSIS, ablation=ablation)
    planned = project.planned(f"{FOLDER}/corruptions/right.npz")
    assert planned["train_model"] == 2
    assert project.planned("analyse")["predict_corrupted"] == 1
