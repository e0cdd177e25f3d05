"""A Keras application with weights from a file, from the configuration to a prediction."""

import html
import json
import os
import subprocess
import sys

import pandas as pd
import pytest

import application_weights
from application_weights import SMALL
from project import MODELS, Project, new_project
from swatchbook.files import digest

RUN = "results/own-images/begun/seed-0"


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = new_project(tmp_path_factory.mktemp("begun"))
    weights = project.work / "some.weights.h5"
    application_weights.make(weights)
    start = {"file": weights.name, "sha256": digest(weights), "keep_statistics": True}
    start |= {"frozen": {"epochs": 1}, "then": {"learning_rate": 0.0002}}
    begun = {"layers": [SMALL, {"global_pool": {}}]}
    begun["training"] = {"start_from": start, "epochs": 2, "sampling": "balanced"}
    project.configure(
        models={"plain": MODELS["plain"], "begun": begun},
        # A deep network of chance rounds to other classes with fewer bits, and is not exported so.
        training={"epochs": 1, "precision": "float32"},
        export={"formats": ["onnx"]},
    )
    project.run("results/report.html", f"{RUN}/export/export.json")
    return project


def test_the_record_and_the_page_say_how_it_was_trained(compared: Project) -> None:
    run = json.loads((compared.work / RUN / "run.json").read_text())
    assert run["training"]["sampling"] == "balanced"
    assert run["training"]["start_from"]["frozen"] == {"epochs": 1}
    usual = (compared.work / RUN.replace("begun", "plain") / "run.json").read_text()
    assert "sampling" not in json.loads(usual)["training"]
    page = html.unescape((compared.work / "results" / "report.html").read_text("utf-8"))
    assert (
        "begun: training begins with the weights of some.weights.h5, frozen for an epoch, after "
        "which they learn at a rate of 0.0002; batch normalisation keeps its statistics. Each "
        "epoch draws the classes equally often, and as many images as there are."
    ) in page
    rates = pd.read_csv(compared.work / "results/own-images/figures/learning_rate.csv")
    assert rates["learning_rate"].round(6).tolist() == [0.001, 0.001, 0.0002]


def test_its_exports_agree_and_predict(compared: Project) -> None:
    exported = json.loads((compared.work / RUN / "export/export.json").read_text())
    assert exported["formats"]["onnx"]["equal_classes"] > 0.99
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "swatchbook",
            "predict",
            f"{RUN}/export",
            "resources/own-images/images.7z",
        ],
        cwd=compared.work,
        env=os.environ | {"PYTHONPATH": str(compared.folder / "workflow" / "scripts")},
        capture_output=True,
        text=True,
    )
    assert len(done.stdout.splitlines()) == 1 + 2000, done.stderr


def test_a_second_run_does_nothing(compared: Project) -> None:
    assert compared.planned("results/report.html", f"{RUN}/export/export.json") == {}
