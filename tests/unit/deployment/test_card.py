"""The model card says what the results say, and the library of the hub reads it."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from huggingface_hub import ModelCard

from paths import ROOT
from results_maker import make_results
from swatchbook.comparison import inference
from swatchbook.deployment import write_card
from swatchbook.deployment.card import interval, percent, plain
from swatchbook.files import read_json, write_json

TEMPLATE = ROOT / "workflow" / "card" / "README.md.j2"
FORMAT = {
    "file": "model.onnx",
    "bytes": 1_234_567,
    "milliseconds_an_image": 0.456,
    "equal_classes": 0.9991,
    "accuracy": 0.9,
}
UNLIKE = {"threshold": 1.0, "wanted": 0.05, "validation": 0.05, "test": 0.061}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    results = tmp_path_factory.mktemp("card") / "results"
    config = make_results(results)
    folder = results / "made-up"
    runs = [{"model": model, "seed": seed} for model in config["models"] for seed in (0, 1, 2)]
    write_json(
        folder / "best.json",
        {"model": "dropout", "seed": 1, "chosen_by": "the highest accuracy", "runs": runs},
    )
    sheet = {"temperature": 1.25, "unlike": UNLIKE, "provenance": {"model.keras": "a" * 64}}
    write_json(folder / "best" / "model.json", sheet)
    write_json(folder / "best" / "export.json", {"formats": {"onnx": FORMAT}})
    return folder, config


@pytest.fixture
def card(made: tuple[Path, dict[str, Any]], tmp_path: Path) -> Callable[..., str]:
    """Write the card, what the data set's file says changed a little."""
    folder, config = made

    def written(**spec: Any) -> str:
        said = config["specs"]["made-up"] | spec
        output = tmp_path / "README.md"
        write_card(folder, said, config["models"], 0.95, TEMPLATE, output)
        return output.read_text(encoding="utf-8")

    return written


def test_the_hubs_library_reads_what_was_measured(
    card: Callable[..., str], made: tuple[Path, dict[str, Any]]
) -> None:
    read = ModelCard(card())
    assert read.data.pipeline_tag == "image-classification" and "onnx" in read.data.tags
    test = read_json(made[0] / "dropout/seed-1/metrics.json")["test"]
    accuracy, f1 = read.data.eval_results
    assert accuracy.metric_type == "accuracy" and accuracy.metric_value == test["accuracy"]
    assert f1.metric_value == test["macro_f1"]
    assert read.data.model_name == "dropout"
    assert ModelCard(str(read)).data.to_dict() == read.data.to_dict()


def test_the_card_has_the_numbers_of_the_results(
    card: Callable[..., str], made: tuple[Path, dict[str, Any]]
) -> None:
    text = card()
    folder, config = made
    test = read_json(folder / "dropout/seed-1/metrics.json")["test"]
    mean = read_json(folder / "comparison.json")["models"]["dropout"]["metrics"]["accuracy"]
    assert f"an accuracy of **{percent(test['accuracy'])}**" in text
    assert f"| test accuracy | {percent(test['accuracy'])} | {percent(mean['mean'])} (" in text
    assert "chosen from 6 trainings: the highest accuracy" in text
    assert "| `model.onnx` | 1,234,567 | 0.46 | 99.91 % | 90.00 % |" in text
    assert "temperature (1.250)" in text and "a" * 64 in text
    report = pd.read_csv(folder / "dropout/seed-1/classification_report.csv")
    classes = config["specs"]["made-up"]["classes"]
    worst = report.head(len(classes)).sort_values("f1-score", kind="stable").iloc[0]
    first = text.split("| class | precision")[1].splitlines()[2]
    assert first.startswith(f"| {worst['class']} | {percent(worst['precision'])}")
    right = round(worst["recall"] * worst["support"])
    told = interval(inference.wilson_interval(right, worst["support"], 0.95))
    assert f"| {percent(worst['recall'])} ({told}) |" in first
    assert "gives every image one of them" in text and "calls 6.1 % of the test images so" in text
    twins = read_json(folder / "checks" / "accuracy_without_twins.json")
    assert f"{twins['twins']} of {twins['test_images']} test images have an exact" in text
    assert "\n\n\n\n" not in text


def test_names_of_anybody_cannot_write_markdown(card: Callable[..., str]) -> None:
    text = card(title="<script>x</script> | *bold*\n# more", description="[a](b)")
    body = text.split("---\n", 2)[2]
    assert "<script>" not in body.replace("\\<script", "")
    assert "\\[a\\](b)" in body
    assert "\n# more" not in body
    assert plain("a\nb|c") == "a b\\|c"
    assert ModelCard(text).data.eval_results[0].dataset_name.startswith("<script>x")


def test_the_card_of_a_cross_validated_model_says_which_figures_are_of_all_folds(
    tmp_path: Path,
) -> None:
    results = tmp_path / "results"
    config = make_results(results, seeds=range(3), folds=3)
    folder = results / "made-up"
    write_json(
        folder / "best.json", {"model": "dropout", "seed": 1, "chosen_by": "x", "runs": [1] * 6}
    )
    sheet = {"temperature": 1.25, "unlike": UNLIKE, "provenance": {"model.keras": "a" * 64}}
    write_json(folder / "best" / "model.json", sheet)
    write_json(folder / "best" / "export.json", {"formats": {"onnx": FORMAT}})
    output = tmp_path / "README.md"
    write_card(folder, config["specs"]["made-up"], config["models"], 0.95, TEMPLATE, output)
    text = output.read_text(encoding="utf-8")
    run = read_json(folder / "dropout/seed-1/run.json")
    assert "cross-validated on all 56 images: 3 folds, 3 trainings" in text
    assert f"- train: {run['training_images']} images" in text
    assert f"- test: {run['fold']['test_images']} images" in text
    assert "neither trained nor chosen" not in text and "seeds of the same recipe" not in text
    assert "It has not learnt from the images of its fold" in text
    found = read_json(folder / "comparison.json")["models"]["dropout"]
    worst = min(found["classes"][:3], key=lambda row: row["f1-score"])
    assert f"{worst['f1-score']:.3f} | {worst['support']} |" in text
    assert f"calibration error is {percent(found['metrics']['ece']['mean'])}" in text


def test_classes_without_test_images_are_not_the_worst_but_unknown(
    made: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    folder, config = made
    copy = shutil.copytree(folder, tmp_path / "made-up")
    run = copy / "dropout" / "seed-1"
    report = pd.read_csv(run / "classification_report.csv")
    report.loc[0, ["precision", "recall", "f1-score", "support"]] = 0
    report.to_csv(run / "classification_report.csv", index=False)
    write_card(
        copy, config["specs"]["made-up"], config["models"], 0.95, TEMPLATE, tmp_path / "README.md"
    )
    text = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "\n| cat |" not in text and "\n| dog |" in text
    assert "No test image shows cat: nothing says how good it is at them." in text
