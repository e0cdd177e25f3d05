"""The profiles speak of rules that exist, and agree where they have to."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from snakemake_executor_plugin_aws_batch.constant import VALID_RESOURCES_MAPPING

from bucket_server import BucketServer
from project import ROOT, Project

PROFILES = sorted(path.parent for path in (ROOT / "workflow/profiles").glob("*/config.yaml"))
OTHERS = [profile for profile in PROFILES if profile.name != "default"]


def read(profile: Path) -> dict:
    return yaml.safe_load((profile / "config.yaml").read_text())


@pytest.fixture(scope="module")
def server() -> Iterator[BucketServer]:
    """What a profile with results in a bucket asks for them."""
    with BucketServer() as running:
        yield running


@pytest.fixture
def storage(server: BucketServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server.put_in_place(monkeypatch)


def rules(project: Project) -> set[str]:
    return set(project.run("--list-rules").split())


@pytest.mark.parametrize("profile", OTHERS, ids=lambda profile: profile.name)
def test_a_profile_repeats_the_triggers_of_the_default_one(profile: Path) -> None:
    triggers = read(ROOT / "workflow/profiles/default")["rerun-triggers"]
    assert read(profile)["rerun-triggers"] == triggers


@pytest.mark.parametrize("profile", OTHERS, ids=lambda profile: profile.name)
@pytest.mark.usefixtures("storage")
def test_the_installed_plugin_accepts_its_profile(profile: Path, project: Project) -> None:
    plan = project.planned("--profile", str(profile))
    assert plan["train_model"] == 2


@pytest.mark.usefixtures("storage")
def test_aws_batch_has_the_memory_that_its_profile_asks_for(project: Project) -> None:
    """Else the plugin takes the least there is for the CPUs, whatever the job needs."""
    profile = ROOT / "workflow/profiles/aws-batch"
    attempts = range(1, read(profile)["retries"] + 2)
    said = project.dry_run("--profile", str(profile))
    on_machines = ("decode_dataset", "explore_dataset", "check_data", "train_model")
    for rule in (*on_machines, "evaluate_model"):
        job = re.search(
            rf"^rule {rule}:.*?^    resources: ([^\n]+)", said, re.DOTALL | re.MULTILINE
        )
        (amount,) = re.findall(r"mem_mb=(\d+)", job[1])
        for attempt in attempts:
            assert {1, 2} <= set(VALID_RESOURCES_MAPPING[int(amount) * attempt]), rule


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
