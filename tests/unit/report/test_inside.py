"""What the page says of networks that were looked into."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from parsed_page import Page
from paths import PUBLISHED, ROOT
from results_maker import look_inside, make_results
from swatchbook.files import read_json
from swatchbook.inspection import inside as looking
from swatchbook.report import inside, write_report

CONV = {"conv": {"filters": 2}}
NETWORKS: dict[str, list[dict[str, Any]]] = {
    "linear": [{"flatten": {}}],  # the first one makes the most mistakes
    "plain": [CONV, {"flatten": {}}],
    "deep": [CONV, {"residual": {"layers": [CONV]}}, {"flatten": {}}, {"dense": {"units": 3}}],
}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of three models, looked into, and their report."""
    results = tmp_path_factory.mktemp("results")
    config = make_results(results, models=list(NETWORKS), seeds=[0, 1], test=60, inside=NETWORKS)
    write_report(results, config, ROOT / "workflow/report", PUBLISHED, results / "report.html")
    return results


def found(results: Path) -> Path:
    return results / "made-up" / "inside"


def test_the_tab_has_all_sections(results: Path) -> None:
    page = Page(results / "report.html")
    by_id = {e.attributes["id"]: e for e in page.elements if "id" in e.attributes}
    for section in ("networks", "map", "looks", "nearest", "filters"):
        assert by_id[f"{section}.made-up"].is_in(by_id["made-up/inside"])
    said = by_id["made-up/inside"].text
    assert "linear has no hidden layer, so the 36 values of the image itself" in said
    assert re.search("linear ?: no convolution, so no filters", said)
    assert "60 of the 60 test images" in said


def test_without_it_a_page_has_no_such_tab(tmp_path: Path) -> None:
    config = make_results(tmp_path, models=["a"], seeds=[0])
    write_report(tmp_path, config, ROOT / "workflow/report", PUBLISHED, tmp_path / "report.html")
    assert "made-up/inside" not in Page(tmp_path / "report.html").ids


def test_the_map_is_of_the_same_images_for_every_model_and_the_same_each_time(
    results: Path, tmp_path: Path
) -> None:
    table = pd.read_csv(found(results) / "map.csv")
    rows = {model: part["row"].tolist() for model, part in table.groupby("model")}
    assert rows["plain"] == rows["linear"] == rows["deep"] == sorted(rows["plain"])
    before = {name: (found(results) / name).read_bytes() for name in ("map.csv", "nearest.csv")}
    look_inside(results / "made-up", NETWORKS, 0, ["cat", "dog", "owl"])
    assert before == {name: (found(results) / name).read_bytes() for name in before}


def test_nearest_images_are_those_of_a_search_by_hand(results: Path) -> None:
    """Of the linear network features are the pixels themselves."""
    table = pd.read_csv(found(results) / "nearest.csv", dtype={"training_id": str})
    of_linear = table[table["model"] == "linear"]
    assert len(of_linear) > 3
    images = {
        split: np.load(results / f"made-up/arrays/x_{split}.npy").reshape(-1, 36)
        for split in ("train", "test")
    }
    units = {split: x / np.linalg.norm(x, axis=1, keepdims=True) for split, x in images.items()}
    for row, near in of_linear.groupby("row"):
        alike = units["train"] @ units["test"][row]
        assert near["training_row"].tolist() == np.argsort(-alike)[:3].tolist()
        assert near["similarity"].tolist() == pytest.approx(
            sorted(-alike)[0:3] * np.array(-1), abs=1e-4
        )
    assert (of_linear["label"] != of_linear["called"]).all()


def test_layers_that_others_lack_are_named() -> None:
    def rows(layers: list[dict]) -> list[dict[str, Any]]:
        whole = [{"settings": {}, "shape": [1], **layer} for layer in layers]
        return list(inside._rows(whole))

    a = rows([{"kind": "conv"}, {"kind": "flatten"}])
    b = rows([{"kind": "conv"}, {"kind": "dropout"}, {"kind": "flatten"}])
    assert inside._unmatched(a, b) == [] and inside._unmatched(b, a) == [1]
    c = rows([{"kind": "conv", "settings": {"filters": 2}}, {"kind": "flatten"}])
    assert inside._unmatched(a, c) == [0] == inside._unmatched(c, a)


def test_of_many_models_the_reference_and_the_best_are_looked_into(tmp_path: Path) -> None:
    models = [f"m{number}" for number in range(6)]
    make_results(tmp_path, models=models, seeds=[0])
    measured = read_json(tmp_path / "made-up/comparison.json")["models"]
    accuracy = {model: measured[model]["metrics"]["accuracy"]["mean"] for model in models}
    chosen = looking._chosen(tmp_path / "made-up", models, "m0")
    assert len(chosen) == 4 and chosen[0] == "m0" and chosen == sorted(chosen)
    left = set(models) - set(chosen)
    assert min(accuracy[model] for model in chosen[1:]) >= max(accuracy[model] for model in left)
    assert looking._chosen(tmp_path / "made-up", models[:4], "m0") == models[:4]


def test_folds_are_looked_into_by_the_first_and_with_its_images(tmp_path: Path) -> None:
    networks = {name: NETWORKS[name] for name in ("plain", "linear")}
    config = make_results(
        tmp_path, models=list(networks), seeds=[0, 1, 2], folds=3, test=60, inside=networks
    )
    write_report(tmp_path, config, ROOT / "workflow/report", PUBLISHED, tmp_path / "report.html")
    told = read_json(found(tmp_path) / "inside.json")
    index = pd.read_csv(tmp_path / "made-up/arrays/index.csv")
    tested = set(index[index["seed_0"] == "test"]["row"])
    assert set(pd.read_csv(found(tmp_path) / "map.csv")["row"]) == tested
    assert told["training_images"] == (index["seed_0"] == "train").sum()
    gallery = read_json(tmp_path / "made-up/gallery/gallery.json")["images"]
    assert {gallery[place]["row"] for place in told["looks"]["images"]} <= tested
    near = pd.read_csv(found(tmp_path) / "nearest.csv", dtype={"training_id": str})
    trained = set(index[index["seed_0"] == "train"]["id"].astype(str).str.zfill(5))
    assert set(near["training_id"]) <= trained


def test_more_classes_than_colours_are_told_by_right_and_wrong(tmp_path: Path) -> None:
    classes = [f"class {number}" for number in range(12)]
    networks = {"linear": NETWORKS["linear"]}
    specs = {"made-up": {"classes": classes}}
    make_results(tmp_path, models=["linear"], seeds=[0], specs=specs, inside=networks)
    legend = (found(tmp_path) / "map.svg").read_text()
    assert "called wrong" in legend and "class 3" not in legend
    filters = (found(tmp_path) / "filters.svg").read_text()
    assert "no model has a convolution" in filters
    assert (found(tmp_path) / "filters.csv").read_text().count("\n") == 1
