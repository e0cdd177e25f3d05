"""Every figure is drawn from whatever results there are, and shows names as they are."""

import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

import cv2
import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from results_maker import draw, labels_of, make_dataset
from swatchbook.figures import catalogue, style
from swatchbook.files import read_json, write_json

ODD_CLASSES = [
    "$x_1$, no math",
    "<script>alert(1)</script>",
    "salt & pepper",
    "\"quoted\" 'twice'",
    "Füchse, 狐",
    "a very long name " * 8,
    "NA",
    "nan",
]
COMPARISON_FIGURES = [figure.name for figure in catalogue.drawn((), "figures")]
NUMERALS = ["0", "01", "2"]
NUMBERED = ("learning_curves", "accuracy", "class_f1", "confusion_matrices", "reliability")

pytestmark = pytest.mark.filterwarnings("ignore:constrained_layout not applied")


@dataclass(frozen=True)
class Drawn:
    results: Path
    figures: Path
    models: list[str]
    seeds: list[int]
    classes: list[str]

    def texts(self, name: str) -> list[str]:
        """Return what stands in one figure."""
        root = ElementTree.parse(self.figures / f"{name}.svg").getroot()
        found = (element for element in root.iter() if local_name(element) == "text")
        return ["".join(element.itertext()) for element in found]


def local_name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def drawn(
    folder: Path, models: list[str], seeds: list[int], classes: list[str], validation: int = 8
) -> Drawn:
    results = make_dataset(folder, models, seeds, classes, validation=validation)
    return Drawn(results, draw(results, models, seeds, classes), models, seeds, classes)


CASES = {
    "three models, three seeds, odd names": (["a", "b", "c"], [0, 1, 2], ODD_CLASSES, 8),
    "two models, one seed, numerals": (["a", "b"], [7], NUMERALS, 8),
    "one model, no validation set": (["a"], [0, 1], ["x", "y"], 0),
}


@pytest.fixture(scope="module", params=CASES.values(), ids=CASES.keys())
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    return drawn(tmp_path_factory.mktemp("drawn"), *request.param)


def test_every_figure_is_written_with_its_numbers_and_nothing_else_is(
    case: Drawn,
) -> None:
    expected = {f"{name}.{kind}" for name in COMPARISON_FIGURES for kind in ("svg", "png")}
    expected |= {f"{name}.csv" for name in COMPARISON_FIGURES}
    assert {path.name for path in case.figures.iterdir()} == expected
    for name in COMPARISON_FIGURES:
        picture = cv2.imread(str(case.figures / f"{name}.png"), cv2.IMREAD_UNCHANGED)
        assert picture is not None
        assert picture.std() > 0 or len(case.models) == 1


def test_svgs_are_well_formed_and_have_no_script(case: Drawn) -> None:
    for name in COMPARISON_FIGURES:
        root = ElementTree.parse(case.figures / f"{name}.svg").getroot()
        assert local_name(root) == "svg"
        for element in root.iter():
            assert local_name(element) not in ("script", "foreignObject")
            assert not any(attribute.lower().startswith("on") for attribute in element.attrib)


def test_class_names_stand_in_figures_as_they_are(case: Drawn) -> None:
    for name in ("class_f1", "confusion_matrices"):
        found = {text.strip() for text in case.texts(name)}
        assert {name.strip() for name in case.classes} <= found


def test_the_numbers_of_a_figure_are_those_of_the_results(case: Drawn) -> None:
    models = read_json(case.results / "comparison.json")["models"]
    tables = {
        name: pd.read_csv(
            case.figures / f"{name}.csv", keep_default_na=False, dtype={"class": str, "seed": str}
        )
        for name in NUMBERED
    }
    for model in case.models:
        own = {name: table[table["model"] == model] for name, table in tables.items()}
        accuracy = models[model]["metrics"]["accuracy"]
        means = [*accuracy["per_seed"], accuracy["mean"]]
        assert own["accuracy"]["accuracy"].astype(float).tolist() == pytest.approx(means)
        assert own["accuracy"]["seed"].tolist() == [*map(str, case.seeds), "mean"]
        assert own["class_f1"]["class"].tolist() == case.classes
        assert own["confusion_matrices"]["count"].sum() == 24 * len(case.seeds)
        assert own["confusion_matrices"]["share"].sum() == pytest.approx(len(case.classes))
        before = own["reliability"][own["reliability"]["scaling"] == "before"]
        bins = models[model]["reliability"]["before"]
        assert before["count"].tolist() == [one["count"] for one in bins]
        has_validation = case.models != ["a"]
        assert ("after" in own["reliability"]["scaling"].tolist()) == has_validation
        curves = own["learning_curves"]
        assert set(curves["images"]) == {"training"} | ({"validation"} if has_validation else set())
        assert curves["epoch"].max() == 2
        for table in (curves, own["class_f1"]):
            assert (table["least"] <= table["mean"] + 1e-12).all()
            assert (table["mean"] <= table["greatest"] + 1e-12).all()


def test_examples_are_captioned_with_their_class(case: Drawn) -> None:
    captions = {style.shortened(name).strip() for name in case.classes}
    found = [text.strip() for text in case.texts("right_and_wrong")]
    assert captions & set(found)
    said = {text for text in found if not text.startswith("not ")} - captions
    assert said <= {*case.models, "right", "wrong", "none"}


def test_every_model_stands_in_every_figure_that_compares(case: Drawn) -> None:
    for name in ("accuracy", "class_f1", "confusion_matrices", "reliability", "right_and_wrong"):
        assert set(case.models) <= {text.strip() for text in case.texts(name)}
    found = " ".join(case.texts("learning_curves"))
    for model in case.models:
        assert f"{model}, training" in found
        has_validation = case.models != ["a"]
        assert (f"{model}, validation" in found) == has_validation


def test_a_single_model_has_no_differences(case: Drawn) -> None:
    found = " ".join(case.texts("differences"))
    for model in case.models[1:]:
        assert f"only {model}" in found
    assert (found == "") == (len(case.models) == 1)


def test_the_same_results_give_the_same_bytes(tmp_path: Path) -> None:
    made = drawn(tmp_path, ["a", "b"], [0], ["x", "y & z"])
    before = {path.name: path.read_bytes() for path in made.figures.iterdir()}
    # Settings of whoever calls from a notebook do not matter.
    with mpl.rc_context({"font.size": 20, "svg.fonttype": "path", "axes.grid": False}):
        draw(made.results, made.models, made.seeds, made.classes)
    after = {path.name: path.read_bytes() for path in made.figures.iterdir()}
    assert [name for name in before if before[name] != after[name]] == []
    assert before.keys() == after.keys()


def test_the_tutorials_line_is_drawn_beside_seeds_that_were_watched(tmp_path: Path) -> None:
    folder = make_dataset(tmp_path / "fashion-mnist", ["a"], [0, 1], ["x", "y"], watch_test=True)
    drawn = Drawn(
        folder, draw(folder, ["a"], [0, 1], ["x", "y"], {"watched"}), ["a"], [0, 1], ["x", "y"]
    )
    assert {"a, 2 seeds", "the tutorial, as printed"} <= set(drawn.texts("tutorial"))
    table = pd.read_csv(drawn.figures / "tutorial.csv")
    accuracy = table[table["metric"] == "test_accuracy"]
    assert accuracy["printed"].tolist() == [0.835, 0.8763]
    assert accuracy["least"].tolist() == pytest.approx([0.83, 0.83])
    assert accuracy["greatest"].tolist() == pytest.approx([0.84, 0.84])
    assert accuracy["inside"].tolist() == [True, False]


def test_without_a_printed_run_only_the_seeds_are_drawn(tmp_path: Path) -> None:
    folder = make_dataset(tmp_path / "other", ["a"], [0], ["x", "y"], watch_test=True)
    drawn = Drawn(folder, draw(folder, ["a"], [0], ["x", "y"], {"watched"}), ["a"], [0], ["x", "y"])
    assert "a, 1 seed" in drawn.texts("tutorial")
    assert "the tutorial, as printed" not in drawn.texts("tutorial")
    table = pd.read_csv(drawn.figures / "tutorial.csv")
    accuracy = table[table["metric"] == "test_accuracy"]
    assert accuracy["mean"].tolist() == pytest.approx([0.83, 0.83])
    assert table[["printed", "inside"]].isna().all(axis=None)


def test_a_grid_is_drawn_as_a_matrix_of_its_models_accuracies(tmp_path: Path) -> None:
    models = ["base", "b", "c"]
    folder = make_dataset(tmp_path, models, [0, 1], ["x", "y"])
    cells = {"b": ["0-1", "64"], "c": ["0-1", "128"], "base": ["0-2", "64"]}
    grid = {"axes": ["rate", "batch"], "cells": cells}
    made = Drawn(folder, folder / "figures", models, [0, 1], ["x", "y"])
    draw(folder, models, [0, 1], ["x", "y"], {"gridded"}, ablation={"changes": {}, "grid": grid})
    table = pd.read_csv(made.figures / "grid.csv", dtype={"rate": str, "batch": str})
    assert table[["model", "rate", "batch"]].to_numpy().tolist() == [
        [model, *cell] for model, cell in cells.items()
    ]
    found = read_json(folder / "comparison.json")["models"]
    means = [found[model]["metrics"]["accuracy"]["mean"] for model in cells]
    assert table["accuracy"].tolist() == pytest.approx(means)
    texts = made.texts("grid")
    assert {"rate", "batch", "0-1", "0-2", "64", "128"} <= set(texts)
    assert {f"{mean * 100:.2f}" for mean in means} <= set(texts)


def test_changes_stand_beside_their_base_and_other_figures_leave_them_out(tmp_path: Path) -> None:
    models = ["base", "base-a-1", "base-a-2", "base-b"]
    folder = make_dataset(tmp_path, models, [0, 1], ["x", "y"])
    changes = {"a": {"base-a-1": "1", "base-a-2": "2"}, "b": {"base-b": "b"}}
    figures = draw(
        folder,
        models,
        [0, 1],
        ["x", "y"],
        {"ablated", "changed"},
        detailed=["base"],
        ablation={"changes": changes, "grid": None},
    )
    curves = pd.read_csv(figures / "changes.csv")
    shown = curves.groupby("change", sort=False)["model"].unique().map(list).to_dict()
    assert shown == {"a": ["base", "base-a-1", "base-a-2"], "b": ["base", "base-b"]}
    histories = [pd.read_csv(folder / "base-b" / f"seed-{seed}/history.csv") for seed in (0, 1)]
    expected = np.mean([history["val_accuracy"] for history in histories], axis=0)
    of_b = curves[(curves["change"] == "b") & (curves["model"] == "base-b")]
    assert of_b["mean"].tolist() == pytest.approx(expected.tolist())
    for name in ("learning_curves", "class_f1", "reliability"):
        assert set(pd.read_csv(figures / f"{name}.csv")["model"]) == {"base"}
    assert set(pd.read_csv(figures / "accuracy.csv")["model"]) == set(models)


def test_models_of_the_same_learning_rates_share_a_line(tmp_path: Path) -> None:
    folder = make_dataset(tmp_path, ["a", "b", "c"], [0], ["x", "y"])
    history = folder / "b" / "seed-0" / "history.csv"
    pd.read_csv(history).assign(learning_rate=0.5).to_csv(history, index=False)
    figures = draw(folder, ["a", "b", "c"], [0], ["x", "y"], {"scheduled"})
    made = Drawn(folder, figures, ["a", "b", "c"], [0], ["x", "y"])
    assert {"a and 1 more", "b"} <= set(made.texts("learning_rate"))
    table = pd.read_csv(figures / "learning_rate.csv")
    assert table.groupby("model")["learning_rate"].first().to_dict() == {
        "a": 0.001,
        "b": 0.5,
        "c": 0.001,
    }


def test_curves_of_seeds_that_stopped_early_end_where_the_longest_does(tmp_path: Path) -> None:
    folder = make_dataset(tmp_path / "fashion-mnist", ["a"], [0, 1], ["x", "y"], watch_test=True)
    history = folder / "a" / "seed-0" / "history.csv"
    pd.read_csv(history).iloc[:1].to_csv(history, index=False)
    figures = draw(folder, ["a"], [0, 1], ["x", "y"], {"watched", "scheduled"})
    curves = pd.read_csv(figures / "learning_curves.csv")
    losses = curves[(curves["images"] == "validation") & (curves["metric"] == "loss")]
    assert losses["epoch"].tolist() == [1, 2]
    assert losses["mean"].tolist() == losses["greatest"].tolist() == [1.2, 0.6]
    assert pd.read_csv(figures / "learning_rate.csv")["epoch"].tolist() == [1, 2]
    beside = pd.read_csv(figures / "tutorial.csv")
    assert set(beside["epoch"]) == {1}, "only what every seed has is counted"


def test_the_learning_rate_is_drawn_of_every_model_where_one_has_a_schedule(tmp_path: Path) -> None:
    folder = make_dataset(tmp_path, ["a", "b"], [0, 1], ["x", "y"])
    history = folder / "b" / "seed-0" / "history.csv"
    table = pd.read_csv(history).assign(learning_rate=[0.5, 0.25])
    table.to_csv(history, index=False)
    figures = draw(folder, ["a", "b"], [0, 1], ["x", "y"], {"scheduled"})
    found = pd.read_csv(figures / "learning_rate.csv")
    assert found["model"].tolist() == ["a", "a", "b", "b"]
    assert found["learning_rate"].tolist() == [0.001, 0.001, 0.5, 0.25]
    assert (figures / "learning_rate.svg").exists()


def test_augmented_images_are_drawn_of_the_models_that_have_some(tmp_path: Path) -> None:
    folder = make_dataset(tmp_path, ["a", "b"], [0], ["x", "y"])
    run = folder / "b" / "seed-0" / "run.json"
    content = read_json(run)
    content["training"]["augmentation"] = [{"flip": {}}]
    write_json(run, content)
    np.save(folder / "b" / "augmented.npy", np.random.default_rng(0).random((3, 2, 6, 6, 1)))
    drawn = Drawn(folder, draw(folder, ["a", "b"], [0], ["x", "y"], {"augmented"}), [], [], [])
    texts = drawn.texts("augmentation")
    assert {"b", "as it is", "epoch 1", "epoch 2"} == set(texts)
    found = pd.read_csv(drawn.figures / "augmentation.csv")
    assert found.to_dict("list") == {
        "model": ["b"] * 6,
        "epoch": [0, 0, 1, 1, 2, 2],
        "row": [0, 1] * 3,
    }


def test_every_two_models_are_compared_as_a_whole_and_class_by_class(tmp_path: Path) -> None:
    models, seeds, classes = ["base", "a", "b"], [0, 1, 2], ["x", "y"]
    folder = make_dataset(tmp_path / "made-up", models, seeds, classes)
    figures = draw(folder, models, seeds, classes, {"several"})
    pairs = pd.read_csv(figures / "pairs.csv")
    assert list(zip(pairs["model"], pairs["other"], strict=True)) == [
        ("a", "b"),
        ("a", "base"),
        ("b", "base"),
    ]
    compared = read_json(folder / "comparison.json")["differences"]
    for entry, row in zip(compared, pairs.iloc[1:].itertuples(), strict=True):
        assert (entry["model"], entry["reference"]) == (row.model, row.other)
        assert row.difference == pytest.approx(entry["accuracy"]["difference"])
        assert [row.low, row.high] == pytest.approx(entry["accuracy"]["interval"])
    of_classes = pd.read_csv(figures / "class_differences.csv")
    labels = labels_of(folder, "test")
    for row in of_classes.itertuples():
        recalls = [
            np.mean(
                [
                    pd.read_csv(folder / model / f"seed-{seed}" / "classification_report.csv")
                    .set_index("class")
                    .loc[row[3], "recall"]
                    for seed in seeds
                ]
            )
            for model in (row.model, row.other)
        ]
        assert row.difference == pytest.approx(recalls[0] - recalls[1])
        assert row.low <= row.difference <= row.high
        assert row.images == (labels == classes.index(row[3])).sum()
    assert len(of_classes) == 3 * len(classes)


def test_the_curve_of_risk_ends_at_the_share_of_wrong_ones(tmp_path: Path) -> None:
    folder = make_dataset(tmp_path / "made-up", ["a"], [0, 1], ["x", "y"])
    curve = pd.read_csv(draw(folder, ["a"], [0, 1], ["x", "y"]) / "risk_coverage.csv")
    accuracies = read_json(folder / "comparison.json")["models"]["a"]["metrics"]["accuracy"]
    end = curve[curve["coverage"] == 1].iloc[0]
    assert 1 - end["mean"] == pytest.approx(accuracies["mean"])
    assert [1 - end["seed_0"], 1 - end["seed_1"]] == pytest.approx(accuracies["per_seed"])
    table = pd.read_csv(folder / "a" / "seed-0" / "predictions.csv")
    surest = table.sort_values("probability", ascending=False).iloc[:12]
    half = curve[curve["coverage"] == 0.5].iloc[0]
    assert half["seed_0"] == pytest.approx((surest["label"] != surest["predicted"]).mean())
