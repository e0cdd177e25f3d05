"""A digest of code changes with what can change a result, and with nothing else."""

import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest

from paths import ROOT
from swatchbook import provenance

SCRIPTS = ROOT / "workflow" / "scripts"
RULES = "\n".join(path.read_text("utf-8") for path in (ROOT / "workflow/rules").glob("*.smk"))


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    return shutil.copytree(SCRIPTS, tmp_path / "scripts", ignore=shutil.ignore_patterns("__py*"))


def is_changed_by(scripts: Path, entry_point: str, changed: str) -> bool:
    before = provenance.code_digest(scripts / entry_point)
    with (scripts / changed).open("a", encoding="utf-8") as file:
        file.write("\nCHANGED = True\n")
    return provenance.code_digest(scripts / entry_point) != before


@pytest.mark.parametrize(
    ("entry_point", "changed"),
    [
        ("decode.py", "decode.py"),  # itself
        ("decode.py", "swatchbook/data/decoding.py"),  # what the package offers as its own
        ("decode.py", "swatchbook/data/png.py"),  # by decoding, dataset_formats, archive_dataset …
        ("decode.py", "swatchbook/data/splits.py"),
        ("figures.py", "swatchbook/data/splits.py"),  # by arrays, by inputs
        ("explore.py", "swatchbook/figures/style.py"),
        ("train.py", "swatchbook/training/models.py"),
        ("train.py", "swatchbook/data/arrays.py"),
        ("evaluate.py", "swatchbook/comparison/metrics.py"),
        ("ask_trials.py", "swatchbook/search/engine.py"),
        ("train_trial.py", "swatchbook/training/stopping.py"),
    ],
)
def test_a_module_that_is_used_changes_the_digest(
    scripts: Path, entry_point: str, changed: str
) -> None:
    assert is_changed_by(scripts, entry_point, changed)


@pytest.mark.parametrize(
    ("entry_point", "changed"),
    [
        ("decode.py", "swatchbook/errors.py"),
        ("decode.py", "swatchbook/progress.py"),
        ("decode.py", "swatchbook/job_log.py"),
        ("decode.py", "swatchbook/report/page.py"),
        ("decode.py", "swatchbook/training/run.py"),
        ("decode.py", "swatchbook/figures/exploration.py"),
        ("decode.py", "extract.py"),
        ("decode.py", "swatchbook/data/__init__.py"),  # it only says where things are
        ("train.py", "swatchbook/data/decoding.py"),  # of the same package as what it uses
        ("train.py", "swatchbook/training/evaluation.py"),
        ("train.py", "swatchbook/figures/style.py"),
        ("train.py", "swatchbook/report/page.py"),
        ("train.py", "swatchbook/figures/catalogue.py"),  # a new figure trains nothing
        ("train.py", "swatchbook/search/engine.py"),
        ("ask_trials.py", "swatchbook/startup/schema_check.py"),  # else it would train all again
        ("ask_trials.py", "swatchbook/training/run.py"),
        ("train_trial.py", "swatchbook/search/conclusion.py"),
    ],
)
def test_a_module_that_only_talks_or_is_not_used_does_not(
    scripts: Path, entry_point: str, changed: str
) -> None:
    assert not is_changed_by(scripts, entry_point, changed)


def test_the_digest_does_not_depend_on_the_folder(scripts: Path) -> None:
    for path in SCRIPTS.glob("*.py"):
        assert provenance.code_digest(path) == provenance.code_digest(scripts / path.name)


@pytest.mark.parametrize(
    "statement",
    [
        "import swatchbook.new",
        "import swatchbook.new as something",
        "from swatchbook import names, new",
        "from swatchbook.new import something",
        "def later():\n    from swatchbook.new import something",
    ],
)
def test_every_way_to_import_a_module_is_followed(tmp_path: Path, statement: str) -> None:
    (tmp_path / "swatchbook").mkdir()
    (tmp_path / "swatchbook" / "new.py").touch()
    (tmp_path / "entry.py").write_text(statement)
    assert is_changed_by(tmp_path, "entry.py", "swatchbook/new.py")


@pytest.mark.parametrize(
    "statement",
    [
        "import swatchbook.room",
        "import swatchbook.room.new",
        "from swatchbook import room",
        "from swatchbook.room import other, new",
        "from swatchbook.room import offered",
        "from swatchbook.room.new import something",
    ],
)
def test_every_way_to_import_from_a_package_is_followed(tmp_path: Path, statement: str) -> None:
    room = tmp_path / "swatchbook" / "room"
    room.mkdir(parents=True)
    (room / "__init__.py").write_text('lazy.attach(__name__, submod_attrs={"new": ["offered"]})')
    (room / "new.py").touch()
    (tmp_path / "entry.py").write_text(statement)
    assert is_changed_by(tmp_path, "entry.py", "swatchbook/room/new.py")


def test_modules_that_import_each_other_are_followed_once(tmp_path: Path) -> None:
    (tmp_path / "swatchbook").mkdir()
    (tmp_path / "swatchbook" / "one.py").write_text("from swatchbook import two")
    (tmp_path / "swatchbook" / "two.py").write_text("from swatchbook import one")
    (tmp_path / "entry.py").write_text("from swatchbook import one")
    assert is_changed_by(tmp_path, "entry.py", "swatchbook/two.py")


def test_a_files_digest_is_of_names_and_contents(tmp_path: Path) -> None:
    for name, content in (("a", "1"), ("b", "1"), ("c", "2")):
        (tmp_path / name).write_text(content)
    digests = {provenance.files_digest([tmp_path / name]) for name in "abc"}
    assert len(digests) == 3
    assert all(re.fullmatch("[0-9a-f]{16}", digest) for digest in digests)


def test_every_rule_has_its_entry_point_and_every_entry_point_its_rule() -> None:
    named = set(re.findall(r'"\.\./scripts/(\w+)\.py"', RULES))
    alone = {"doctor", "unlock"}  # make calls them
    assert named | alone == {path.stem for path in SCRIPTS.glob("*.py")}
    assert set(re.findall(r'code_digest\("(\w+)"\)', RULES)) <= named


def test_versions_are_those_that_are_installed() -> None:
    found = provenance.versions()
    assert list(found) == ["python", *provenance.PACKAGES]
    assert re.match(r"\d+\.\d+", found["numpy"])


def test_a_record_has_the_digest_of_every_input_by_its_name_from_the_root(tmp_path: Path) -> None:
    folder = tmp_path / "results" / "birds"
    (folder / "figures").mkdir(parents=True)
    for name in ("b.csv", "a.csv"):
        (folder / name).write_text(name)
    inputs = [folder / "b.csv", folder / "a.csv", folder / "b.csv"]
    output = folder / "figures" / "provenance.json"
    provenance.record(output, "draw", inputs, {"models": ["x"]})
    found = json.loads(output.read_text())
    assert found["rule"] == "draw"
    assert found["parameters"] == {"models": ["x"]}
    assert found["inputs"] == {
        f"results/birds/{name}": hashlib.sha256(name.encode()).hexdigest()
        for name in ("a.csv", "b.csv")
    }


def test_a_package_that_is_not_there_is_said_to_be_missing() -> None:
    assert provenance.versions(["no-such-package"])["no-such-package"] == "not installed"
