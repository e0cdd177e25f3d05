"""What is refused before a run begins."""

from pathlib import Path

import pytest

from paths import SCRIPTS
from swatchbook.errors import ConfigurationError, StorageError
from swatchbook.startup import checks


def test_the_library_of_another_checkout_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "workflow" / "scripts"
    other.mkdir(parents=True)
    checks.check_library(SCRIPTS)
    with pytest.raises(ConfigurationError, match=f"{other.parent}: is used together with"):
        checks.check_library(other)


def test_containers_without_an_image_are_refused() -> None:
    checks.check_container("docker://localhost/image", "config.yaml")
    for missing in (None, ""):
        with pytest.raises(ConfigurationError, match=r"config\.yaml: container: null"):
            checks.check_container(missing, "config.yaml")


def test_a_folder_that_a_file_cannot_be_made_in_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "results" / "set" / "arrays" / "x.npy"
    checks.check_writable([file])
    # root may write anywhere
    monkeypatch.setattr("os.access", lambda path, mode: Path(path) != tmp_path)
    with pytest.raises(StorageError, match=f"^{tmp_path}: cannot be written: read-only"):
        checks.check_writable([tmp_path / "elsewhere" / "y", file])
