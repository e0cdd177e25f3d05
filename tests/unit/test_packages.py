"""The three places that name packages agree."""

import pkgutil
import re
import tomllib
from itertools import chain

import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from paths import ROOT


def canonical(name: str) -> str:
    return name.lower().replace("_", "-")


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    plain = (line.partition(";")[0].strip() for line in lines)
    rows = (line.split("==") for line in plain if line and not line.startswith("#"))
    return {canonical(name): version for name, version in rows}


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_every_dependency_is_pinned_within_its_range() -> None:
    extras = project()["optional-dependencies"].values()
    for dependency in map(Requirement, chain(project()["dependencies"], *extras)):
        version = pins()[canonical(dependency.name)]
        assert dependency.specifier.contains(version), dependency


def test_the_conda_environment_has_the_pinned_version_of_every_dependency() -> None:
    environment = yaml.safe_load((ROOT / "workflow/envs/swatchbook.yaml").read_text())
    (python,) = (part for part in environment["dependencies"] if str(part).startswith("python="))
    assert SpecifierSet(project()["requires-python"]).contains(python.removeprefix("python="))
    (packages,) = (part["pip"] for part in environment["dependencies"] if isinstance(part, dict))
    named = dict(package.split("==") for package in packages)
    wanted = {re.split("[<>=]", dependency)[0] for dependency in project()["dependencies"]}
    assert named == {name: pins()[name] for name in wanted}


def test_what_the_display_needs_is_pinned_within_its_range() -> None:
    plugin = tomllib.loads((ROOT / "terminal/pyproject.toml").read_text())
    for dependency in map(Requirement, plugin["project"]["dependencies"]):
        assert dependency.specifier.contains(pins()[canonical(dependency.name)]), dependency
    assert plugin["project"]["requires-python"] == project()["requires-python"]


def test_snakemake_finds_the_display_where_it_looks_for_plugins() -> None:
    """On the path: its folder is there, under the name "", and has no other module in it."""
    table = tomllib.loads((ROOT / "terminal/pyproject.toml").read_text())["tool"]["setuptools"]
    assert table["package-dir"] == {"": "."}
    found = {module.name for module in pkgutil.iter_modules([str(ROOT / "terminal")])}
    assert found == set(table["packages"])


def test_an_installed_library_never_comes_before_the_one_beside_the_entry_points() -> None:
    """Setuptools puts a folder under the name "" on the path, any other behind all paths."""
    table = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    assert list(table["package-dir"]) == ["swatchbook"]
    assert (ROOT / table["package-dir"]["swatchbook"] / "__main__.py").is_file()
