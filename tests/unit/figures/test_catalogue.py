"""The catalogue names what there is: functions, sections and texts."""

import inspect
import shutil
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import pytest
import yaml

from paths import ROOT, SCRIPTS
from swatchbook import provenance
from swatchbook.figures.catalogue import FIGURES, Figure, detailed, drawn, facts, facts_of
from swatchbook.report.sections import SECTIONS

# The entry points of the rules that draw, by the record that each writes.
ENTRY_POINTS = {
    ("figures", "provenance"): "figures.py",
    ("explore", "provenance"): "explore.py",
    ("explore", "resizing"): "show_resizing.py",
    ("checks", "twins"): "check_data.py",
    ("checks", "label_suspects"): "check_predictions.py",
    ("search", "provenance"): "search_result.py",
    ("corruptions", "provenance"): "sum_up_corruptions.py",
    ("prediction_sets", "provenance"): "make_prediction_sets.py",
    ("label_errors", "provenance"): "compare_label_errors.py",
    ("inside", "provenance"): "look_inside.py",
}


def name_of(figure: Figure) -> str:
    return figure.name


def test_no_two_figures_have_the_same_files_or_texts() -> None:
    names = [figure.name for figure in FIGURES]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("figure", FIGURES, ids=name_of)
def test_a_figure_is_drawn_by_a_function_that_there_is(figure: Figure) -> None:
    function = resolve_name(f"swatchbook.figures.{figure.draws}")
    assert "folder" in inspect.signature(function).parameters


@pytest.mark.parametrize("figure", FIGURES, ids=name_of)
def test_a_change_of_what_draws_a_figure_draws_it_again(figure: Figure, tmp_path: Path) -> None:
    """The digest of a rule's code follows imports, and the catalogue names functions in words."""
    scripts = shutil.copytree(SCRIPTS, tmp_path / "scripts")
    entry_point = scripts / ENTRY_POINTS[figure.folder, figure.record]
    before = provenance.code_digest(entry_point)
    module = figure.draws.partition(".")[0]
    with (scripts / "swatchbook" / "figures" / f"{module}.py").open("a") as file:
        file.write("\nCHANGED = True\n")
    assert provenance.code_digest(entry_point) != before


@pytest.mark.parametrize("figure", [one for one in FIGURES if one.section], ids=name_of)
def test_a_figure_on_the_page_has_a_section_a_title_and_a_reading(figure: Figure) -> None:
    assert figure.section in [section.id for section in SECTIONS]
    reading = yaml.safe_load((ROOT / "workflow/report/reading.yaml").read_text(encoding="utf-8"))
    assert reading[figure.name].keys() == {"title", "reading"}


def config(*trainings: dict[str, Any], ablation: object = None) -> dict[str, Any]:
    models = {str(number): {"training": own} for number, own in enumerate(trainings)}
    return {"models": models, "ablation": ablation}


@pytest.mark.parametrize(
    ("fact", "training", "figure"),
    [
        ("watched", {"watch_test": True}, "tutorial"),
        ("scheduled", {"learning_rate": {"peak": 1, "schedule": {"cosine": {}}}}, "learning_rate"),
        ("augmented", {"augmentation": [{"flip": {}}]}, "augmentation"),
    ],
)
def test_a_figure_is_drawn_only_where_the_trainings_have_what_it_shows(
    fact: str, training: dict[str, Any], figure: str
) -> None:
    usual = {"watch_test": False, "learning_rate": 0.1, "augmentation": []}
    assert facts(config(usual, usual)) == set()
    assert facts(config(*[usual | training] * 2)) == {fact}
    added = {one.name for one in drawn({fact})} - {one.name for one in drawn(())}
    assert added == {figure}
    assert {one.folder for one in drawn({fact}, "explore")} == {"explore"}


def test_test_images_count_as_watched_if_all_watched_and_one_schedule_is_enough() -> None:
    usual = {"watch_test": False, "learning_rate": 0.1, "augmentation": []}
    other = {"watch_test": True, "learning_rate": {"peak": 1}, "augmentation": []}
    assert facts(config(usual, other)) == {"scheduled"}


def test_an_ablation_is_drawn_where_there_is_one() -> None:
    usual = {"watch_test": False, "learning_rate": 0.1, "augmentation": []}
    assert facts(config(usual, ablation={"base": "0"})) == {"ablated"}
    added = {one.name for one in drawn({"ablated"})} - {one.name for one in drawn(())}
    assert added == {"ablation"}


def test_single_changes_are_drawn_and_their_models_not_one_by_one() -> None:
    usual = {"watch_test": False, "learning_rate": 0.1, "augmentation": []}
    made = {"base": "0", "changes": {"a": {}}, "variants": {"1": {"change": "a"}}}
    given = config(usual, usual, ablation=made)
    assert facts(given) == {"ablated", "changed"}
    assert detailed(given) == ["0"]
    assert detailed(config(usual, usual)) == ["0", "1"]
    added = {one.name for one in drawn({"changed"})} - {one.name for one in drawn(())}
    assert added == {"changes"}


def test_a_search_is_drawn_where_there_is_one() -> None:
    usual = {"watch_test": False, "learning_rate": 0.1, "augmentation": []}
    assert facts(config(usual) | {"search": None}) == set()
    assert facts(config(usual) | {"search": {"base": "0"}}) == {"searched"}
    added = {one.name for one in drawn({"searched"})} - {one.name for one in drawn(())}
    assert added == {"search"}


@pytest.mark.parametrize(
    ("part", "setting", "fact", "figures"),
    [
        ("corruptions", {"images": 9}, "corrupted", {"corruptions", "corruption_samples"}),
        ("prediction_sets", {"coverage": 0.9}, "in_sets", {"prediction_sets"}),
        ("label_errors", True, "confident", {"label_errors"}),
    ],
)
def test_an_analysis_is_drawn_where_it_is_on(
    part: str, setting: object, fact: str, figures: set[str]
) -> None:
    usual = {"watch_test": False, "learning_rate": 0.1, "augmentation": []}
    assert facts(config(usual) | {"analysis": {part: None}}) == set()
    assert facts(config(usual) | {"analysis": {part: setting}}) == {fact}
    added = {one.name for one in drawn({fact})} - {one.name for one in drawn(())}
    assert added == figures


def test_a_grid_is_drawn_where_it_has_two_axes() -> None:
    usual = {"watch_test": False, "learning_rate": 0.1, "augmentation": []}
    for axes, given in (("ab", {"ablated", "gridded"}), ("abc", {"ablated"})):
        ablation = {"base": "0", "grid": {axis: {} for axis in axes}}
        assert facts(config(usual, ablation=ablation)) == given
    added = {one.name for one in drawn({"gridded"})} - {one.name for one in drawn(())}
    assert added == {"grid"}


def test_resizing_is_drawn_of_the_data_sets_whose_images_are_resized() -> None:
    usual = {"watch_test": False, "learning_rate": 0.1, "augmentation": []}
    images = {"fitted": {"resize": "fit"}, "strict": {"resize": "error"}, "plain": {}}
    given = config(usual) | {"specs": {name: {"image": image} for name, image in images.items()}}
    assert facts_of(given, "fitted") == {"resized"}
    assert facts_of(given, "strict") == facts_of(given, "plain") == facts(given) == set()
    added = {one.name for one in drawn({"resized"})} - {one.name for one in drawn(())}
    assert added == {"resizing"}


def test_every_two_models_are_drawn_where_there_are_more_than_two() -> None:
    usual = {"watch_test": False, "learning_rate": 0.1, "augmentation": []}
    assert facts(config(usual, usual, usual)) == {"several"}
    added = {one.name for one in drawn({"several"})} - {one.name for one in drawn(())}
    assert added == {"pairs"}
