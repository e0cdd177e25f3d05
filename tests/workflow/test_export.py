"""The best model of a data set in other formats, asked for by name."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import trying
from project import Project
from swatchbook.deployment import data_sheet, runtimes, web_runtime
from swatchbook.files import digest

FILES = {
    "export.json",
    "model.json",
    "model.onnx",
    "model.float16.tflite",
    "model.int8.tflite",
    "savedmodel",
    "MLmodel",
    "requirements.txt",
    "python_env.yaml",
}
RUN = "results/own-images/dropped/seed-0/export"


def test_nothing_is_exported_unless_it_is_asked_for(finished: Project) -> None:
    results = finished.work / "results" / "own-images"
    assert not (results / "best").exists() and not (results / "best.json").exists()
    steps = {"choose_best": 1, "export_best": 1, "write_card": 1}
    assert finished.planned("export") == steps
    assert finished.planned(f"{RUN}/export.json") == {"export_run": 1}


def test_how_models_are_exported_changes_no_report(done: Project) -> None:
    done.configure(export={"formats": ["onnx"]})
    assert done.planned() == {}


def test_a_report_that_shows_exports_needs_them(done: Project) -> None:
    done.configure(report={"exports": True})
    assert done.planned() == {"choose_best": 1, "export_best": 1, "write_report": 1}


def test_a_format_that_there_is_not_is_refused_in_one_line(project: Project) -> None:
    project.configure(export={"formats": ["onnx", "lite"]})
    stopped = project.snakemake("--dry-run", "export")
    assert stopped.returncode != 0
    (line,) = (one for one in stopped.stdout.splitlines() if "swatchbook: error" in one)
    assert "export.formats" in line and "litert_int8" in line


def test_a_page_without_onnx_is_refused_in_one_line(project: Project) -> None:
    project.configure(export={"formats": ["savedmodel"]})
    stopped = project.snakemake("try")
    assert stopped.returncode != 0
    assert stopped.stdout.splitlines()[-1] == (
        "swatchbook: error: export.formats: without onnx there is no page (add it)"
    )
    project.configure()
    assert project.planned("try")["write_try_page"] == 1, "and the folder is not locked"


@pytest.fixture(scope="module")
def exported(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A finished project whose best model, and one other, are exported."""
    folder = tmp_path_factory.mktemp("exported") / "copy"
    subprocess.run(["cp", "--archive", str(finished.folder), str(folder)], check=True)
    project = Project(folder)
    project.run("export", f"{RUN}/export.json")
    return project


@pytest.mark.parametrize("place", ["results/own-images/best", RUN])
def test_all_formats_are_made_and_proven(exported: Project, place: str) -> None:
    folder = exported.work / place
    card = {"README.md"} if folder.name == "best" else set()
    assert {path.name for path in folder.iterdir()} == FILES | card
    said = json.loads((folder / "export.json").read_text())
    run = exported.work / "results/own-images" / said["model"] / f"seed-{said['seed']}"
    assert said["model.keras"] == digest(run / "model.keras")
    assert said["test_images"] == 400
    for kind, facts in said["formats"].items():
        # Trained for one epoch, it is sure of nothing.
        assert facts["equal_classes"] > (0.9 if kind == "litert_int8" else 0.95)
        assert abs(facts["accuracy"] - said["accuracy"]) < 0.03
    expected = np.load(run / "probabilities.npy")
    images = np.load(exported.work / "results/own-images/arrays/x_test.npy")
    found = runtimes.onnxruntime(folder / "model.onnx")(images)
    assert (found.argmax(axis=1) == expected.argmax(axis=1)).mean() > 0.95
    sheet, _ = data_sheet.read(folder)
    assert sheet.title == "Own images"
    assert sheet.image == {
        "height": 32,
        "width": 32,
        "channels": 3,
        "resize": "error",
        "colour": "error",
        "background": None,
    }
    assert sheet.classes[0] == "T-shirt/top"


def test_the_card_is_that_of_the_best_model(exported: Project) -> None:
    folder = exported.work / "results/own-images/best"
    said = json.loads((folder / "export.json").read_text())
    card = (folder / "README.md").read_text()
    assert f"# Own images: {said['model']}\n" in card
    assert f"an accuracy of **{100 * said['accuracy']:.1f} %**" in card
    assert said["model.keras"] in card


def test_the_best_is_the_one_with_the_highest_validation_accuracy(exported: Project) -> None:
    results = exported.work / "results/own-images"
    best = json.loads((results / "best.json").read_text())
    measured = {
        model: json.loads((results / model / "seed-0/metrics.json").read_text())["validation"]
        for model in ("plain", "dropped")
    }
    highest = max(measured, key=lambda model: measured[model]["accuracy"])
    assert measured[best["model"]]["accuracy"] == measured[highest]["accuracy"]
    said = json.loads((results / "best/export.json").read_text())
    assert (said["model"], said["seed"]) == (best["model"], best["seed"])


def test_a_second_run_does_nothing(exported: Project) -> None:
    assert exported.planned("export", f"{RUN}/export.json") == {}


def test_a_page_to_try_the_model_is_made_on_request(
    exported: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    package = exported.work / "resources" / web_runtime.PACKAGE / web_runtime.FILE
    package.parent.mkdir()
    package.write_bytes(b"another")
    stopped = exported.snakemake("try")
    (line,) = (one for one in stopped.stdout.splitlines() if "swatchbook: error" in one)
    assert str(web_runtime.FILE) in line and "delete it and run again" in line
    package.unlink()
    package.symlink_to(trying.runtime(tmp_path_factory))
    assert exported.planned("try").keys() <= {"bring_web_runtime", "write_try_page"}
    exported.run("try")
    page = (exported.work / "results/own-images/best/try.html").read_text()
    assert "<h1>Own images: try the model</h1>" in page
    assert exported.planned("try") == {}
    assert exported.planned("export") == {}


def environment(project: Project) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(project.folder / "workflow" / "scripts")}


def predict(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "swatchbook", "predict", *arguments]
    return subprocess.run(
        command, cwd=project.work, env=environment(project), capture_output=True, text=True
    )


def test_what_was_exported_is_asked_about_a_whole_archive(exported: Project) -> None:
    done = predict(exported, "results/own-images/best", "resources/own-images/images.7z")
    assert done.returncode == 0, done.stderr
    rows = [line.split(",") for line in done.stdout.splitlines()]
    assert rows[0][:3] == ["image", "class", "probability"]
    assert len(rows) == 1 + 2000
    called = {Path(row[0]).stem: row[1] for row in rows[1:]}
    best = json.loads((exported.work / "results/own-images/best.json").read_text())
    table = exported.work / "results/own-images" / best["model"] / "seed-0/predictions.csv"
    lines = [line.split(",") for line in table.read_text().splitlines()]
    column = lines[0].index("predicted"), lines[0].index("id")
    same = [called[line[column[1]]] == line[column[0]] for line in lines[1:]]
    assert len(same) == 400 and np.mean(same) > 0.95
