"""As many seeds as a decision needs: what is trained, what is decided, and what runs again."""

import json
import re
import shutil
from pathlib import Path

import pytest

from parsed_page import text_of
from paths import ROOT
from project import CONFIG, MODELS, Project, new_project
from shared import made_once
from using import using_project

# A margin that no two models miss, and one that none of so few images can keep.
WIDE, NARROW = {"margin": 90}, {"margin": 0.01}
SEEDS = {"from": 3, "to": 4, "until": "decided"}
LOOKS = "results/own-images/looks"


def looks(project: Project) -> dict[str, dict]:
    """Return what each look has found, by its file's name."""
    return {path.name: json.loads(path.read_text()) for path in (project.work / LOOKS).iterdir()}


def verdict(project: Project) -> str:
    """Return the words of the report's first screen."""
    page = text_of(project.work / "results/report.html")
    section = re.search(r'<section[^>]* id="verdict".*?</section>', page, re.DOTALL)
    assert section
    text = " ".join(re.sub(r"<[^>]+>", " ", section[0]).split())
    return re.sub(r" ([.,;)])", r"\1", text)


@pytest.fixture(scope="module")
def equivalent(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose comparison was decided at the first look; to be copied, not changed."""

    def make(folder: Path) -> None:
        project = new_project(folder)
        project.configure(seeds=SEEDS, comparison=WIDE)
        project.run()

    return Project(made_once(tmp_path_factory, "until-decided", make))


@pytest.fixture
def decided(equivalent: Project, tmp_path: Path) -> Project:
    shutil.copytree(equivalent.folder, tmp_path / "copy", symlinks=True)
    return Project(tmp_path / "copy")


def test_a_fresh_dry_run_plans_the_first_look(project: Project) -> None:
    project.configure(seeds=SEEDS)
    planned = project.planned()
    assert (planned["train_model"], planned["look_at_runs"]) == (6, 1)
    assert project.planned("train")["look_at_runs"] == 1


def test_a_comparison_is_decided_at_the_first_look_that_shows_enough(equivalent: Project) -> None:
    assert looks(equivalent) == {"3.json": {"seeds": 3, "next": None, "decided": {"dropped": 3}}}
    results = equivalent.work / "results/own-images"
    assert {path.name for path in (results / "plain").glob("seed-*")} == {
        "seed-0",
        "seed-1",
        "seed-2",
    }
    assert "equivalent within 90 points of test accuracy, decided after 3 seeds" in verdict(
        equivalent
    )


def test_a_second_run_does_nothing(equivalent: Project) -> None:
    assert equivalent.planned() == {}
    for stage in ("train", "evaluate", "compare", "check"):
        assert equivalent.planned(stage) == {}


def test_stages_and_files_can_be_forced(equivalent: Project) -> None:
    assert equivalent.planned_cells("--forcerun", "train") == {
        f"{model}/{seed}" for model in MODELS for seed in range(3)
    }
    planned = equivalent.planned("--forcerun", "evaluate")
    assert (planned["evaluate_model"], planned["look_at_runs"]) == (6, 1)
    assert "train_model" not in planned
    report = equivalent.planned("--forcerun", "compare")
    assert report == {"compare_models": 1, "draw_figures": 1, "write_report": 1}
    one = "results/own-images/plain/seed-7/history.csv"
    assert equivalent.planned_cells(one) == {"plain/7"}


def test_a_list_of_seeds_takes_the_trainings_that_are_there(equivalent: Project) -> None:
    given = ["--config", "seeds=[0,1,2,7]"]
    assert equivalent.planned_cells(*given) == {"plain/7", "dropped/7"}
    assert equivalent.planned_cells("--config", "seeds=[0,1]") == set()
    assert "look_at_runs" not in equivalent.planned("--config", "seeds=[0,1]")


def test_another_margin_decides_again_and_trains_only_new_seeds(decided: Project) -> None:
    """Results of the wide margin are there and newer than all: they do not count as up to date."""
    decided.configure(seeds=SEEDS, comparison=NARROW)
    assert decided.planned()["look_at_runs"] == 1
    assert decided.planned_cells() == set()
    before = (decided.work / "results/own-images/plain/seed-0/model.keras").stat().st_mtime_ns
    decided.run()
    assert looks(decided) == {
        "3.json": {"seeds": 3, "next": 4, "decided": {"dropped": None}},
        "4.json": {"seeds": 4, "next": None, "decided": {"dropped": 4}},
    }
    after = (decided.work / "results/own-images/plain/seed-0/model.keras").stat().st_mtime_ns
    assert before == after
    assert (decided.work / "results/own-images/plain/seed-3/model.keras").is_file()
    assert "undecided between dropped and plain, after 4 seeds each" in verdict(decided)
    assert "points is ruled out" in verdict(decided)
    assert decided.planned() == {}

    decided.configure(seeds=SEEDS, comparison={"margin": 0.02})
    assert decided.planned_cells() == set()
    decided.run()
    assert decided.planned() == {}

    decided.configure(seeds=SEEDS, comparison=WIDE)
    assert decided.planned_cells() == set()
    decided.run()
    assert "decided after 3 seeds" in verdict(decided)
    assert decided.planned() == {}


def test_looks_that_are_lost_are_done_again_and_nothing_else(decided: Project) -> None:
    shutil.rmtree(decided.work / LOOKS)
    said = decided.run("--logger-swatchbook-style", "snakemake")
    assert "look_at_runs" in said
    assert not re.search(r"^(rule|localrule) (train_model|compare_models)", said, re.MULTILINE)
    assert decided.planned() == {}


def test_results_of_a_list_of_seeds_are_looked_at_too(decided: Project) -> None:
    """As if the list had been there first: no look, and a report of three seeds."""
    shutil.rmtree(decided.work / LOOKS)
    decided.run("--config", "seeds=[0,1,2]")
    assert not (decided.work / LOOKS).exists()
    decided.configure(seeds=SEEDS, comparison=NARROW)
    assert decided.planned()["look_at_runs"] == 1
    decided.run("train")
    assert set(looks(decided)) == {"3.json", "4.json"}
    assert decided.planned("train") == {}
    decided.run()
    assert "undecided" in verdict(decided)


def test_a_model_that_learns_nothing_is_worse(project: Project) -> None:
    learning = {"epochs": 6, "batch_size": 16, "learning_rate": 0.003}
    frozen = MODELS["plain"] | {"training": {"initializer": "zeros", "epochs": 1}}
    project.configure(
        models={"plain": MODELS["plain"], "frozen": frozen}, training=learning, seeds=SEEDS
    )
    project.run("compare")
    assert looks(project) == {"3.json": {"seeds": 3, "next": None, "decided": {"frozen": 3}}}
    comparison = json.loads((project.work / "results/own-images/comparison.json").read_text())
    (entry,) = comparison["differences"]
    assert entry["accuracy"]["verdict"] == "worse"


MODULE = f"""
configfile: "config/config.yaml"

rule all:
    input:
        "elsewhere/results/own-images/comparison.json",

module elsewhere:
    snakefile: "{ROOT}/workflow/Snakefile"
    config: config
    prefix: "elsewhere"

use rule * from elsewhere as elsewhere_*
"""


def test_a_module_with_a_prefix_adds_seeds_too(tmp_path: Path) -> None:
    config = CONFIG | {"seeds": SEEDS, "comparison": NARROW}
    project = using_project(tmp_path / "using", MODULE, config, ["elsewhere"])
    project.run()
    found = project.work / "elsewhere" / LOOKS
    assert {path.name for path in found.iterdir()} == {"3.json", "4.json"}
    comparison = json.loads((found.parent / "comparison.json").read_text())
    assert comparison["seeds"] == [0, 1, 2, 3]
    assert project.planned() == {}
