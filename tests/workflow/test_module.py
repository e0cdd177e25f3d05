"""Another workflow that uses this one as a module, twice, and goes on from its results."""

import html
import json
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from paths import ROOT
from project import MODELS, Project
from using import SMALL, using_project

# Two comparisons in one workflow, the second in a folder of its own and with a rule changed.
SNAKEFILE = f"""
configfile: "config/config.yaml"

rule all:
    input:
        "best.txt",
        "elsewhere/results/report.html",

module swatchbook:
    snakefile: "{ROOT}/workflow/Snakefile"
    config: config["swatchbook"]

use rule * from swatchbook as swatchbook_*

module elsewhere:
    snakefile: "{ROOT}/workflow/Snakefile"
    config: config["elsewhere"]
    prefix: "elsewhere"

use rule * from elsewhere as elsewhere_*

use rule train_model from elsewhere as elsewhere_train_model with:
    priority: 1

rule best:
    input:
        "results/own-images/comparison.json",
    output:
        "best.txt",
    run:
        import json
        models = json.load(open(input[0]))["models"]
        best = max(models, key=lambda name: models[name]["metrics"]["accuracy"]["mean"])
        open(output[0], "w").write(best)

onstart:
    swatchbook.onstart()
    elsewhere.onstart()
"""
CONFIGS = {"swatchbook": SMALL, "elsewhere": {**SMALL, "models": {"dropped": MODELS["dropped"]}}}


@pytest.fixture
def using(tmp_path: Path) -> Project:
    """A workflow in which nothing has been run."""
    return using_project(tmp_path / "using", SNAKEFILE, CONFIGS, [".", "elsewhere"])


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Project, str]]:
    """A workflow in which everything has been run, and what was said; not to be changed."""
    folder = tmp_path_factory.mktemp("module")
    project = using_project(folder / "using", SNAKEFILE, CONFIGS, [".", "elsewhere"])
    abandoned = project.work / "elsewhere/results/.123-0123abcd.half.npy"
    abandoned.parent.mkdir()
    abandoned.touch()
    os.utime(abandoned, (0, time.time() - 7 * 24 * 3600))
    yield project, project.run()


@pytest.fixture
def used(run: tuple[Project, str]) -> Project:
    return run[0]


def test_a_rule_of_the_using_workflow_goes_on_from_a_result(used: Project) -> None:
    assert (used.work / "best.txt").read_text() == "plain"


def test_each_instance_has_its_configuration_and_its_folder(used: Project) -> None:
    for place, model in ((used.work, "plain"), (used.work / "elsewhere", "dropped")):
        comparison = json.loads((place / "results/own-images/comparison.json").read_text())
        assert list(comparison["models"]) == [model]
        assert (place / "logs/own-images" / model / "seed-0/train.log").is_file()
    assert (used.work / "elsewhere/results/report.html").is_file()
    folders = {path.name for path in used.work.iterdir() if path.is_dir()}
    assert {"config", "resources", "results", "logs", "elsewhere"} <= folders
    inside = {path.name for path in (used.work / "elsewhere").iterdir()}
    assert inside - {"checkpoints"} == {"resources", "results", "logs"}


def test_a_second_run_does_nothing(used: Project) -> None:
    assert used.planned() == {}


def test_the_commands_on_the_page_are_those_of_the_using_workflow(used: Project) -> None:
    page = html.unescape((used.work / "elsewhere/results/report.html").read_text(encoding="utf-8"))
    commands = set(re.findall(r"snakemake --cores 1 --forcerun (\w+) -- ([^<\s]+)", page))
    of_figures = {"draw_figures", "explore_dataset", "check_data", "check_predictions"}
    rules = {f"elsewhere_{rule}" for rule in {*of_figures, "choose_images"}}
    assert {rule for rule, _ in commands} == rules
    for rule, target in commands:
        assert used.planned("--forcerun", rule, "--", target) == {rule: 1}


def test_inputs_are_named_as_in_a_run_without_a_prefix(used: Project) -> None:
    file = used.work / "elsewhere/results/own-images/figures/provenance.json"
    assert "results/own-images/comparison.json" in json.loads(file.read_text())["inputs"]


@pytest.mark.parametrize("name", ["swatchbook", "elsewhere"])
def test_forcing_a_stage_reruns_the_jobs_of_one_instance(used: Project, name: str) -> None:
    planned = used.planned("--forcerun", f"{name}_train")
    trained = {rule: jobs for rule, jobs in planned.items() if rule.endswith("train_model")}
    assert trained == {f"{name}_train_model": 1}
    assert not any(rule.endswith("decode_dataset") for rule in planned)


def test_local_rules_are_known_under_their_new_names(run: tuple[Project, str]) -> None:
    assert "localrules" not in run[1]


def test_what_killed_jobs_left_is_removed_where_the_using_workflow_asks_for_it(
    used: Project,
) -> None:
    assert not list((used.work / "elsewhere/results").glob(".*"))


def test_a_wrong_configuration_is_told_with_the_modules_name(using: Project) -> None:
    snakefile = using.folder / "workflow" / "Snakefile"
    wrong = 'config: {**config["elsewhere"], "sedes": [1]}'
    snakefile.write_text(snakefile.read_text().replace('config: config["elsewhere"]', wrong))
    stopped = using.snakemake("--dry-run")
    assert stopped.returncode != 0
    assert "Traceback" not in stopped.stdout
    (line,) = (line for line in stopped.stdout.splitlines() if "swatchbook: error" in line)
    assert "the config of module elsewhere: unknown key 'sedes'; did you mean 'seeds'?" in line


def test_two_versions_in_one_workflow_are_refused(using: Project, project: Project) -> None:
    """`project` has a copy of the workflow, which is as good as another version."""
    snakefile = using.folder / "workflow" / "Snakefile"
    first, found, second = snakefile.read_text().rpartition(str(ROOT))
    assert found
    snakefile.write_text(f"{first}{project.folder}{second}")
    stopped = using.snakemake("--dry-run")
    assert stopped.returncode != 0
    assert "Traceback" not in stopped.stdout
    (line,) = (line for line in stopped.stdout.splitlines() if "swatchbook: error" in line)
    assert f"{project.folder}/workflow: is used together with {ROOT}/workflow" in line
