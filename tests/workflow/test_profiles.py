"""The profiles speak of rules that exist, and agree where they have to."""

from pathlib import Path

import pytest
import yaml

from project import ROOT, Project

PROFILES = sorted(path.parent for path in (ROOT / "workflow/profiles").glob("*/config.yaml"))
OTHERS = [profile for profile in PROFILES if profile.name != "default"]


def read(profile: Path) -> dict:
    return yaml.safe_load((profile / "config.yaml").read_text())


def rules(project: Project) -> set[str]:
    return set(project.run("--list-rules").split())


@pytest.mark.parametrize("profile", OTHERS, ids=lambda profile: profile.name)
def test_a_profile_repeats_the_triggers_of_the_default_one(profile: Path) -> None:
    triggers = read(ROOT / "workflow/profiles/default")["rerun-triggers"]
    assert read(profile)["rerun-triggers"] == triggers


@pytest.mark.parametrize("profile", OTHERS, ids=lambda profile: profile.name)
def test_the_installed_plugin_accepts_its_profile(profile: Path, project: Project) -> None:
    plan = project.planned("--profile", str(profile))
    assert plan["train_model"] == 2


def test_the_profiles_name_rules_that_exist(project: Project) -> None:
    known = rules(project)
    for profile in OTHERS:
        config = read(profile)
        assert config.get("set-resources", {}).keys() <= known
        assert config.get("groups", {}).keys() <= known


def test_a_sweep_is_planned_as_one_expects(project: Project) -> None:
    folder = project.work / "config/datasets"
    for number in (1, 2):
        (folder / f"data-{number}.yaml").write_text((folder / "own-images.yaml").read_text())
    model = {"layers": [{"flatten": {}}]}
    project.configure(
        datasets=["data-1", "data-2"],
        models={f"model-{number}": model for number in range(6)},
        seeds=list(range(10)),
    )
    assert project.planned() == {
        "download_file": 2 * 2,
        "decode_dataset": 2,
        "explore_dataset": 2,
        "check_data": 2,
        "train_model": 2 * 6 * 10,
        "evaluate_model": 2 * 6 * 10,
        "check_predictions": 2,
        "choose_images": 2,
        "compare_models": 2,
        "draw_figures": 2,
        "write_report": 1,
    }
