"""Stages by name and by file, what they write, and what a user is told."""

import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest
import yaml

from parsed_page import text_of
from project import MODELS, ROOT, Project

HISTORY = "results/own-images/plain/seed-0/history.csv"


@pytest.mark.parametrize(
    ("target", "last_rule"),
    [
        ("download", "download_file"),
        ("extract", "extract_images"),
        ("decode", "decode_dataset"),
        ("explore", "explore_dataset"),
        ("train", "train_model"),
        ("evaluate", "evaluate_model"),
        ("compare", "draw_figures"),
        (HISTORY, "train_model"),
    ],
)
def test_a_stage_runs_by_name_or_file_with_what_it_needs_and_no_more(
    project: Project, target: str, last_rule: str
) -> None:
    order = {
        "download_file": 2,
        "decode_dataset": 1,
        "train_model": 1 if target == HISTORY else 2,
        "evaluate_model": 2,
        "compare_models": 1,
        "draw_figures": 1,
    }
    if last_rule in ("extract_images", "explore_dataset"):
        wanted = {"download_file": 2, "decode_dataset": 1, last_rule: 1}
    else:
        names = list(order)[: list(order).index(last_rule) + 1]
        wanted = {name: order[name] for name in names}
    assert project.planned(target) == wanted


def test_the_checks_need_the_evaluations_but_not_the_comparison(project: Project) -> None:
    assert project.planned("check") == {
        "download_file": 2,
        "decode_dataset": 1,
        "train_model": 2,
        "evaluate_model": 2,
        "check_data": 1,
        "check_predictions": 1,
    }
    alone = project.planned("results/own-images/checks/summary.json")
    assert alone == {"download_file": 2, "decode_dataset": 1, "check_data": 1}


@pytest.mark.parametrize(
    ("name", "trainings", "augmented"),
    [
        ("tutorial", 5, 0),
        ("exercises", 72, 2),
        ("cifar10-fast", 10, 1),
        ("fashion-mnist-fast", 3, 1),
    ],
)
def test_another_configuration_runs_in_a_working_directory_of_its_own(
    project: Project, name: str, trainings: int, augmented: int
) -> None:
    """The data sets that come with the workflow are found from everywhere."""
    shutil.copytree(ROOT / "config", project.folder / "config")
    command = ["--directory", name, "--configfile", f"config/{name}.yaml"]
    assert project.planned(*command) == {
        "download_file": 4,
        "decode_dataset": 1,
        "explore_dataset": 1,
        "train_model": trainings,
        "evaluate_model": trainings,
        "compare_models": 1,
        "draw_figures": 1,
        "check_data": 1,
        "check_predictions": 1,
        "choose_images": 1,
        "write_report": 1,
    } | ({"show_augmentation": augmented} if augmented else {})


def test_watching_the_test_images_draws_one_more_figure(done: Project) -> None:
    plain = {"plain": MODELS["plain"]}
    done.configure(models=plain, training={"epochs": 1, "watch_test": True})
    done.run()
    figures = done.work / "results" / "own-images" / "figures"
    assert {"tutorial.svg", "tutorial.png", "tutorial.csv"} <= {f.name for f in figures.iterdir()}
    page = (done.work / "results" / "report.html").read_text()
    assert "Test set watched" in page
    assert "figure.own-images.tutorial" in page


def test_a_dry_run_says_why(done: Project) -> None:
    done.configure(models={**MODELS, "wide": {"layers": [{"flatten": {}}]}})
    said = done.dry_run()
    assert re.search(r"rule train_model:.*?reason: Missing output files: \S+wide", said, re.DOTALL)


def test_everything_is_written(finished: Project) -> None:
    results = finished.work / "results" / "own-images"
    for split, images in {"train": 1440, "validation": 160, "test": 400}.items():
        assert np.load(results / f"arrays/x_{split}.npy").shape == (images, 32, 32, 3)
        assert np.load(results / f"arrays/y_{split}.npy").shape == (images, 10)
    cell = results / "dropped" / "seed-0"
    assert len(pd.read_csv(cell / "history.csv")) == 1
    metrics = json.loads((cell / "metrics.json").read_text())
    assert metrics["test"]["images"] == 400
    assert np.load(cell / "probabilities.npy").shape == (400, 10)
    assert np.load(cell / "probabilities_validation.npy").shape == (160, 10)
    scaling = json.loads((results / "comparison.json").read_text())["models"]["dropped"]["scaling"]
    assert len(scaling["temperature"]) == 1
    assert len(pd.read_csv(results / "figures" / "reliability.csv")) == 2 * 2 * 15
    assert list((cell / "tensorboard").iterdir())
    summary = json.loads((results / "checks/summary.json").read_text())
    assert summary["balance"]["train"]["images"] == 1440
    accuracy = json.loads((results / "checks/accuracy_without_twins.json").read_text())
    assert accuracy["test_images"] == 400
    assert list(accuracy["models"]) == list(MODELS)
    for table in ("duplicates", "label_suspects"):
        assert len(pd.read_csv(results / f"checks/{table}.csv").columns) > 5
    page = text_of(finished.work / "results" / "report.html")
    assert "Data checks" in page
    assert "too few seeds to say whether dropped or plain is better" in page
    receipt = json.loads((results / "download" / "images.7z.json").read_text())
    assert receipt["source"] == "already in place"


def test_every_job_writes_a_log(finished: Project) -> None:
    logs = {str(path.relative_to(finished.work)) for path in finished.work.rglob("logs/**/*.log")}
    assert {
        "logs/own-images/decode.log",
        "logs/own-images/explore.log",
        "logs/own-images/plain/seed-0/train.log",
        "logs/own-images/plain/seed-0/evaluate.log",
        "logs/own-images/compare.log",
        "logs/own-images/check_data.log",
        "logs/own-images/check_predictions.log",
        "logs/own-images/figures.log",
        "logs/own-images/download/labels.csv.log",
        "logs/report.log",
    } <= logs
    assert "precision: " in (finished.work / "logs/own-images/plain/seed-0/train.log").read_text()


def test_what_resizing_does_is_drawn_where_images_are_resized(project: Project) -> None:
    assert "show_resizing" not in project.planned("explore")
    file = project.work / "config" / "datasets" / "own-images.yaml"
    spec = yaml.safe_load(file.read_text(encoding="utf-8"))
    spec |= {"image": {"height": 24, "width": 20, "channels": 3, "resize": "crop"}, "content": {}}
    file.write_text(yaml.safe_dump(spec), encoding="utf-8")
    project.run("explore")
    drawn = project.work / "results" / "own-images" / "explore"
    table = pd.read_csv(drawn / "resizing.csv")
    assert set(table["resize"]) == {"crop"} and set(table["width"]) == {32}
    assert json.loads((drawn / "resizing.json").read_text())["rule"] == "show_resizing"
    assert project.planned("explore") == {}


def test_images_can_be_extracted_to_look_at(done: Project) -> None:
    done.run("extract")
    assert len(list((done.work / "results/own-images/images").glob("*.png"))) == 2000


def test_figures_are_marked_for_snakemakes_own_report(done: Project) -> None:
    done.run("--report", "report.zip")
    assert (done.work / "report.zip").stat().st_size > 100_000


def test_the_number_of_cores_does_not_change_the_model(done: Project) -> None:
    name = "results/own-images/dropped/seed-0/model.keras"
    model = done.work / name
    with_two_cores = model.read_bytes()
    again = done.snakemake("--forcerun", name, "--", name, cores=1)
    assert again.returncode == 0, again.stdout
    assert "1 of 1" in again.stdout
    assert model.read_bytes() == with_two_cores


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sedes": [1]}, "unknown key 'sedes'; did you mean 'seeds'?"),
        (
            {"seeds": []},
            "key 'seeds' is []; allowed: a list of whole numbers, at least one, each once, or from",
        ),
        ({"training": {"epochs": "ten"}}, "key 'training.epochs' is \"ten\"; allowed: a number"),
        ({"datasets": ["own-image"]}, "did you mean 'own-images'?"),
        ({"comparison": {"reference": "plane"}}, "did you mean 'plain'?"),
    ],
)
def test_wrong_configuration_stops_with_one_line(
    project: Project, changes: dict, said: str
) -> None:
    project.configure(**changes)
    stopped = project.snakemake()
    assert stopped.returncode != 0
    assert said in stopped.stdout
    assert "Traceback" not in stopped.stdout
    assert len([line for line in stopped.stdout.splitlines() if "swatchbook: error" in line]) == 1


def test_a_failed_job_tells_its_error_on_the_terminal(project: Project) -> None:
    table = project.work / "resources/own-images/labels.csv"
    table.write_text(table.read_text().replace("Trouser", "Trousers"))
    stopped = project.snakemake("decode")
    assert stopped.returncode != 0
    lines = [line for line in stopped.stdout.splitlines() if "swatchbook: error" in line]
    assert len(lines) == 1
    assert "labels.csv" in lines[0] and "digest" in lines[0]
    assert "Traceback" not in stopped.stdout
    assert table.exists(), "a user's file is never deleted"


def test_a_damaged_image_stops_the_decoding_and_is_named(project: Project) -> None:
    """Without pins, what is wrong is found by looking."""
    dataset = project.work / "config/datasets/own-images.yaml"
    text = re.sub(r"sha256:\s*(\[[^]]*\]|\n\s+- \w+)", "sha256: []", dataset.read_text())
    dataset.write_text(re.sub(r"height: 32", "height: 31", text))
    stopped = project.snakemake("decode")
    assert stopped.returncode != 0
    assert "32 × 32 pixels instead of 32 × 31" in stopped.stdout
    assert "(2000 in all)" in stopped.stdout
    assert not (project.work / "results/own-images/arrays/x_train.npy").exists()


def test_files_come_from_a_mirror(project: Project) -> None:
    resources = project.work / "resources"
    (resources / "own-images").rename(project.folder / "own-images")
    project.run("download", "--config", f"mirror={project.folder}")
    receipt = json.loads((project.work / "results/own-images/download/images.7z.json").read_text())
    assert receipt["source"] == f"mirror {project.folder}"
    assert (resources / "own-images" / "images.7z").is_file()


def test_a_file_that_is_nowhere_says_what_was_tried_and_what_to_do(project: Project) -> None:
    (project.work / "resources/own-images/images.7z").unlink()
    stopped = project.snakemake("download", "--config", f"mirror={project.folder}/none")
    assert stopped.returncode != 0
    assert "could not be had from any source" in stopped.stdout
    assert "--config mirror=" in stopped.stdout


def test_the_command_line_takes_lists_and_mappings_as_the_docs_say(done: Project) -> None:
    given = ["seeds=[0,7]", "training={epochs: 2, optimizer: {sgd: {momentum: 0.9}}}"]
    cells = done.planned_cells("results/report.html", "--config", *given)
    assert cells == {"plain/0", "plain/7", "dropped/0", "dropped/7"}


def test_a_later_file_chooses_another_optimiser_than_an_earlier_one(done: Project) -> None:
    done.configure(training={"epochs": 1, "optimizer": {"adam": {"beta_1": 0.5}}})
    later = done.work / "later.yaml"
    later.write_text("training: {optimizer: {sgd: {}}}\n")
    assert done.planned_cells("--configfile", "work/later.yaml") == {"plain/0", "dropped/0"}


def test_a_key_that_stands_twice_is_refused_in_one_line(project: Project) -> None:
    path = project.work / "config" / "config.yaml"
    path.write_text(path.read_text() + "seeds: [1]\n")
    stopped = project.snakemake("--dry-run")
    (line,) = (one for one in stopped.stdout.splitlines() if "swatchbook: error" in one)
    assert "the key seeds stands twice" in line
