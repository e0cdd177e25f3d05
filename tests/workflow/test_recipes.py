"""Two recipes for one network, from the configuration to the page."""

import json

import pandas as pd
import pytest

from parsed_page import text_of
from project import MODELS, Project, new_project

LAYERS = MODELS["plain"]["layers"]
RECIPE = {
    "epochs": 2,
    "optimizer": {"sgd": {"momentum": 0.9, "nesterov": True}},
    "learning_rate": {"peak": 0.05, "schedule": {"cosine": {}}, "warmup": 0.1},
    "averaging": {"ema": {"decay": 0.9}},
    "augmentation": [{"alternating_flip": {}}, {"shift": {"pixels": 1}}],
    "watch_test": True,
}


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = new_project(tmp_path_factory.mktemp("recipes"))
    own = {"layers": LAYERS, "training": RECIPE}
    project.configure(models={"usual": {"layers": LAYERS}, "recipe": own})
    project.run()
    return project


def test_each_model_is_trained_by_its_own_recipe(compared: Project) -> None:
    folder = compared.work / "results" / "own-images"
    usual, recipe = (
        json.loads((folder / model / "seed-0" / "run.json").read_text())["training"]
        for model in ("usual", "recipe")
    )
    assert (usual["epochs"], recipe["epochs"]) == (1, 2)
    assert list(usual["optimizer"]) == ["adam"]
    assert recipe["optimizer"]["sgd"]["momentum"] == 0.9
    assert recipe["learning_rate"]["schedule"] == {"cosine": {"end": 0.0}}
    assert recipe["batch_size"] == usual["batch_size"]


def test_the_page_says_how_long_both_were_trained_and_what_the_one_has_of_its_own(
    compared: Project,
) -> None:
    page = text_of(compared.work / "results" / "report.html")
    assert "after 1 to 2 epochs" in page
    assert "Test set watched" in page  # of the one is enough
    configuration = page.partition("<summary>Configuration</summary>")[2].partition("</pre>")[0]
    assert configuration.count("momentum: 0.9") == 1
    assert configuration.count("batch_size: 128") == 1  # that of all, and not once a model
    assert not (compared.work / "results" / "own-images" / "figures" / "tutorial.svg").exists()


def test_the_schedule_and_the_augmentation_are_drawn_and_on_the_page(compared: Project) -> None:
    folder = compared.work / "results" / "own-images"
    rates = pd.read_csv(folder / "figures" / "learning_rate.csv")
    assert rates["model"].tolist() == ["usual", "recipe", "recipe"]
    assert rates["learning_rate"].iloc[0] == pytest.approx(0.001)
    assert 0.05 > rates["learning_rate"].iloc[1] > rates["learning_rate"].iloc[2] > 0
    shown = pd.read_csv(folder / "figures" / "augmentation.csv")
    assert set(shown["model"]) == {"recipe"}
    assert (folder / "recipe" / "augmented.npy").exists()
    assert not (folder / "usual" / "augmented.npy").exists()
    page = (compared.work / "results" / "report.html").read_text("utf-8")
    assert 'id="figure.own-images.learning_rate"' in page
    assert 'id="figure.own-images.augmentation"' in page


def test_a_second_run_does_nothing(compared: Project) -> None:
    assert compared.planned() == {}


COMBINED = "plain-rate-0-01-batch-128"  # the other combination is the base itself
GRID = {
    "rate": {"path": "training.learning_rate", "values": [0.001, 0.01]},
    "batch": {"path": "training.batch_size", "values": [128]},
}


@pytest.fixture(scope="module")
def ablated(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = new_project(tmp_path_factory.mktemp("ablated"))
    changes = {
        "optimizer": {"path": "training.optimizer", "values": [{"sgd": {"momentum": 0.9}}]},
        "filters": {"path": "layers[0].conv.filters", "value": 8},
    }
    models = {"plain": {"layers": LAYERS}}
    project.configure(models=models, ablation={"base": "plain", "changes": changes, "grid": GRID})
    project.run()
    return project


def test_the_page_has_a_line_for_each_change_of_the_base(ablated: Project) -> None:
    folder = ablated.work / "results"
    drawn = pd.read_csv(folder / "own-images" / "figures" / "ablation.csv")
    assert set(drawn["model"]) == {"plain-optimizer-sgd", "plain-filters", COMBINED}
    assert set(drawn["reference"]) == {"plain"}
    assert (drawn["seconds"] > 0).all()
    page = text_of(folder / "report.html")
    section = page.partition('id="ablation.own-images"')[2].partition("</section>")[0]
    assert "<td>{sgd: {momentum: 0.9}}</td>" in section and "<td>8</td>" in section
    assert "<td>{rate: 0.01, batch: 128}</td>" in section
    assert "One combination of the grid is plain itself" in section
    grid = pd.read_csv(folder / "own-images" / "figures" / "grid.csv")
    assert grid["model"].tolist() == ["plain", COMBINED]
    assert 'id="figure.own-images.grid"' in section
    assert 'id="figure.own-images.changes"' in section
    curves = pd.read_csv(folder / "own-images" / "figures" / "changes.csv")
    assert set(curves["change"]) == {"optimizer", "filters"}
    assert set(pd.read_csv(folder / "own-images" / "figures" / "class_f1.csv")["model"]) == {
        "plain"
    }
    assert "of the 3 changes of plain, " in page
    overview = page.index('id="own-images/overview"')
    assert (
        overview < page.index('id="ablation.own-images"') < page.index('id="own-images/learning"')
    )
    configuration = page.partition("<summary>Configuration</summary>")[2].partition("</pre>")[0]
    assert "base: plain" in configuration and "plain-filters" not in configuration


def test_a_page_without_an_ablation_has_no_such_section(compared: Project) -> None:
    page = (compared.work / "results" / "report.html").read_text("utf-8")
    assert "ablation.own-images" not in page


def test_one_more_value_trains_one_more_model(ablated: Project) -> None:
    assert ablated.planned() == {}
    changes = {
        "optimizer": {
            "path": "training.optimizer",
            "values": [{"sgd": {"momentum": 0.9}}, {"lion": {}}],
        },
        "filters": {"path": "layers[0].conv.filters", "value": 8},
    }
    models = {"plain": {"layers": LAYERS}}
    ablated.configure(models=models, ablation={"base": "plain", "changes": changes, "grid": GRID})
    assert ablated.planned_cells() == {"plain-optimizer-lion/0"}
