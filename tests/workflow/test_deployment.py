"""This workflow out of a repository on GitHub, as snakedeploy deploys it; Git finds it here."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from paths import ROOT
from project import Project
from using import SMALL, put_images

# What snakedeploy 0.17.1 wrote, beside copies of config/, profiles/ and the licence, when told
# `snakedeploy deploy-workflow https://github.com/owner/swatchbook deployed --tag v0.1.0`.
SNAKEFILE = """\
from snakemake.utils import min_version


min_version("6.10.0")


configfile: "config/config.yaml"


# declare https://github.com/owner/swatchbook as a module
module swatchbook:
    snakefile:
        github("owner/swatchbook", path="workflow/Snakefile", tag="v0.1.0")
    config:
        config


# use all rules from https://github.com/owner/swatchbook
use rule * from swatchbook
"""
DECLARED = 'github("owner/swatchbook", path="workflow/Snakefile", tag="v0.1.0")'


def git(folder: Path, *arguments: str) -> str:
    author = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
    command = ["git", "-C", str(folder), *author, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def make_repository(folder: Path) -> None:
    """Make a repository of the workflow as it is here, with the tag v0.1.0."""
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("workflow", "config"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    shutil.copy(ROOT / "LICENSE", folder)
    (folder / "profiles").symlink_to("workflow/profiles")
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=all")
    git(folder, "tag", "v0.1.0")


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A repository that Git finds where it looks for owner/swatchbook on GitHub and on GitLab."""
    hosts = tmp_path_factory.mktemp("hosts")
    made = hosts / "owner" / "swatchbook"
    made.mkdir(parents=True)
    make_repository(made)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("GIT_CONFIG_COUNT", "2")
        for number, host in enumerate(("github.com", "gitlab.com")):
            environment.setenv(f"GIT_CONFIG_KEY_{number}", f"url.file://{hosts}/.insteadOf")
            environment.setenv(f"GIT_CONFIG_VALUE_{number}", f"https://{host}/")
        environment.setenv("XDG_CACHE_HOME", str(hosts / "cache"))  # where Snakemake clones to
        yield made


@pytest.fixture(scope="module")
def deployed(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A deployed workflow in which everything has been run, with a small configuration."""
    work = tmp_path_factory.mktemp("deployed") / "work"
    for name in ("config", "profiles"):
        shutil.copytree(repository / name, work / name)
    (work / "config" / "config.yaml").write_text(yaml.safe_dump(SMALL, sort_keys=False))
    (work / "workflow").mkdir()
    (work / "workflow" / "Snakefile").write_text(SNAKEFILE)
    put_images(work, ["."])
    project = Deployed(work.parent)
    project.run()
    return project


class Deployed(Project):
    """A working directory with a Snakefile of its own, as snakedeploy makes it."""

    OPTIONS = (*Project.OPTIONS, "--snakefile", "work/workflow/Snakefile")

    def declare(self, source: str) -> None:
        snakefile = self.work / "workflow" / "Snakefile"
        snakefile.write_text(SNAKEFILE.replace(DECLARED, source))


@pytest.fixture
def again(deployed: Project) -> Iterator[Deployed]:
    """The same, to be declared otherwise."""
    yield deployed
    deployed.declare(DECLARED)


def test_a_deployed_workflow_runs_to_its_report(deployed: Deployed) -> None:
    page = (deployed.work / "results" / "report.html").read_text(encoding="utf-8")
    assert "Data checks" in page
    assert not (deployed.work / "workflow" / "scripts").exists()


def test_a_second_run_does_nothing_and_needs_no_network(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "https://elsewhere.invalid/")
    assert deployed.planned() == {}


def test_a_checkout_of_the_same_code_has_nothing_to_do(again: Deployed) -> None:
    """The digests of its code are the same."""
    again.declare(f'"{ROOT}/workflow/Snakefile"')
    assert again.planned() == {}


@pytest.mark.parametrize("by", ["branch", "commit", "gitlab"])
def test_a_branch_a_commit_or_gitlab_do_as_well(again: Deployed, repository: Path, by: str) -> None:
    host, ref = {
        "branch": ("github", 'branch="main"'),
        "commit": ("github", f'commit="{git(repository, "rev-parse", "HEAD")}"'),
        "gitlab": ("gitlab", 'tag="v0.1.0"'),
    }[by]
    again.declare(f'{host}("owner/swatchbook", path="workflow/Snakefile", {ref})')
    assert again.planned() == {}


def test_a_place_that_only_gives_single_files_is_refused(again: Deployed, repository: Path) -> None:
    again.declare(f'gitfile("{repository}", path="workflow/Snakefile", tag="v0.1.0")')
    stopped = again.snakemake("--dry-run")
    assert stopped.returncode != 0
    assert "Traceback" not in stopped.stdout
    (line,) = (line for line in stopped.stdout.splitlines() if "swatchbook: error" in line)
    assert line.endswith("(name it by github(…) or gitlab(…), or take a copy: git clone)")
