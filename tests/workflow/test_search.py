"""A search over recipes: asked for, pruned, killed, done again; and its best one compared."""

import html
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from project import CONFIG, MODELS, Project, new_project

FOLDER = "results/own-images/search"
SEARCH = {
    "base": "plain",
    "space": {
        "rate": {
            "path": "training.learning_rate",
            "values": {"learns": 0.01, "stands": 1.0e-9},
        },
        "filters": {"path": "layers[0].conv.filters", "low": 2, "high": 8, "integer": True},
    },
    "trials": 6,
    "batch": 2,
    "sampler": {"tpe": {"startup": 4}},  # the last batch is where the others were good
    "seed": 1001,  # the first two trials learn, and of the next two one does not
    "pruner": {"median": {"startup": 2}},
    "monitor": "val_loss",
}
PLAIN = {"plain": {**MODELS["plain"], "training": {"epochs": 4}}}
WHOLE = {"models": PLAIN, "search": SEARCH}


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose search has come to its end; to be copied, not changed."""
    project = new_project(tmp_path_factory.mktemp("search"))
    project.configure(**WHOLE)
    project.run("search")
    return project


@pytest.fixture
def copied(searched: Project, tmp_path: Path) -> Project:
    shutil.copytree(searched.folder, tmp_path / "copy", symlinks=True)
    return Project(tmp_path / "copy")


def outcomes(project: Project) -> list[dict[str, Any]]:
    """What came of each trial, its time left out."""
    paths = [project.work / FOLDER / f"trial-{number}.json" for number in range(SEARCH["trials"])]
    return [json.loads(path.read_text()) | {"seconds": 0} for path in paths]


def weights(project: Project) -> list[bytes]:
    return [path.read_bytes() for path in sorted(project.work.glob(f"{FOLDER}/*/model.keras"))]


def test_a_search_needs_arrays_and_nothing_else(project: Project) -> None:
    project.configure(**WHOLE)
    assert project.planned("search") == {
        "download_file": 2,
        "decode_dataset": 1,
        "ask_trials": 3,
        "train_trial": 6,
        "search_result": 1,
    }
    one = {"download_file": 2, "decode_dataset": 1, "ask_trials": 1, "train_trial": 1}
    assert project.planned(f"{FOLDER}/trial-1.json") == one


def test_nothing_is_searched_unless_it_is_asked_for(project: Project) -> None:
    assert "train_trial" not in project.planned()
    stopped = project.snakemake("--dry-run", "search")
    assert stopped.returncode != 0 and "Traceback" not in stopped.stdout
    (line,) = (one for one in stopped.stdout.splitlines() if "swatchbook: error" in one)
    assert "key 'search' is null" in line and "config/README.md" in line


def test_a_data_set_without_validation_images_is_refused_in_one_line(project: Project) -> None:
    path = project.work / "config/datasets/own-images.yaml"
    spec = yaml.safe_load(path.read_text())
    spec["split"]["validation_share"] = 0
    path.write_text(yaml.safe_dump(spec))
    project.configure(**WHOLE)
    stopped = project.snakemake("--dry-run", "search")
    assert stopped.returncode != 0
    (line,) = (one for one in stopped.stdout.splitlines() if "swatchbook: error" in one)
    assert "key 'search' is given; allowed where own-images has no validation images" in line


def test_trials_are_trained_pruned_and_concluded(searched: Project) -> None:
    folder = searched.work / FOLDER
    table = pd.read_csv(folder / "trials.csv")
    assert table["number"].tolist() == list(range(6))
    assert "pruned" in set(table["state"]) <= {"pruned", "complete"}
    pruned = table[table["state"] == "pruned"]
    assert (pruned["epochs"] < 4).all()
    assert (table[table["state"] == "complete"]["epochs"] == 4).all()
    log = searched.work / f"logs/own-images/search/trial-{pruned['number'].iloc[0]}.log"
    assert "pruned after epoch" in log.read_text()
    found = json.loads((folder / "search.json").read_text())
    complete = table[table["state"] == "complete"]
    assert found["best"]["value"] == complete["value"].min()
    assert found["best"]["parameters"]["rate"] == "learns"
    assert not (searched.work / "checkpoints/own-images/search/trial-0").exists()
    assert not (searched.work / "results/own-images/plain").exists(), "only trials are trained"


def test_a_second_run_does_nothing(searched: Project) -> None:
    assert searched.planned("search") == {}


def test_only_what_a_change_concerns_is_done_again(copied: Project) -> None:
    def planned(models: Any = PLAIN, **changes: Any) -> dict[str, int]:
        copied.configure(models=models, search={**SEARCH, **changes})
        return copied.planned("search")

    later = {"search_result": 1}
    assert planned(trials=8) == {"ask_trials": 1, "train_trial": 2} | later
    assert planned(pruner=None)["train_trial"] == 6
    assert planned(models={**PLAIN, "dropped": MODELS["dropped"]}) == {}


def test_deleted_and_killed_in_the_middle_a_search_comes_to_the_same_trials(
    searched: Project, copied: Project
) -> None:
    shutil.rmtree(copied.work / FOLDER)
    command = [sys.executable, "-m", "snakemake", *copied.OPTIONS, "--cores", "2", "search"]
    started = subprocess.Popen(
        command,
        cwd=copied.folder,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    kept = copied.work / "checkpoints/own-images/search"
    deadline = time.monotonic() + 600
    while not list(kept.glob("trial-2/epoch-*")):
        assert started.poll() is None and time.monotonic() < deadline
        time.sleep(0.002)
    os.killpg(started.pid, signal.SIGKILL)
    started.wait()
    copied.run("--unlock")
    copied.run("search", "--rerun-incomplete")
    assert outcomes(copied) == outcomes(searched)
    assert weights(copied) == weights(searched)
    assert json.loads((copied.work / FOLDER / "trial-2" / "run.json").read_text())["resumed_after"]
    best = [project.work / FOLDER / "best.yaml" for project in (copied, searched)]
    assert best[0].read_bytes() == best[1].read_bytes()


def test_the_best_is_compared_with_its_base_by_the_command_that_its_file_names(
    copied: Project,
) -> None:
    copied.configure(**WHOLE, training={"epochs": 1})
    text = (copied.work / FOLDER / "best.yaml").read_text()
    (command,) = (line for line in text.splitlines() if "snakemake" in line)
    target, *files = command.split("snakemake --cores 2 ")[1].replace("--configfile", "").split()
    assert files == ["config/config.yaml", f"{FOLDER}/best.yaml"]
    # --directory is the tests' own: configuration files are named as seen from the checkout.
    said = copied.run(target, "--configfile", *(f"work/{file}" for file in files))
    assert "train_trial" not in said
    page = html.unescape((copied.work / "results/report.html").read_text("utf-8"))
    assert "plain-for-own-images" in page
    assert 'id="search.own-images"' in page and 'id="figure.own-images.search"' in page
    assert "6 trials of recipes beside plain" in page
    compared = json.loads((copied.work / "results/own-images/comparison.json").read_text())
    assert compared["differences"][0]["reference"] == "plain"
    assert CONFIG["seeds"] == compared["seeds"]
