"""Configuration is read as it is written, in files and on the command line."""

from pathlib import Path

import pytest

from swatchbook.errors import ConfigurationError
from swatchbook.startup import config_files


@pytest.mark.parametrize(
    "content",
    [b"datasets: [a", b"a: b: c", b"\tdatasets: 1", b"a: \xff", b"&a [*b]", b"a: !!python/none"],
)
def test_a_file_that_is_no_yaml_is_refused_on_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"config\.yaml: not readable as YAML: ") as caught:
        config_files.read(path)
    assert "\n" not in str(caught.value)


def test_the_line_of_a_yaml_error_is_told(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("datasets: [a]\nseeds: [0\nmodels: {}\n")
    with pytest.raises(ConfigurationError, match="line 3"):
        config_files.read(tmp_path / "config.yaml")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"none\.yaml: there is no such file"):
        config_files.read(tmp_path / "none.yaml")


def test_a_key_that_stands_twice_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("models:\n  a: {layers: []}\n  a: {layers: []}\n")
    with pytest.raises(ConfigurationError, match=r"the key a stands twice .*line 3"):
        config_files.read(path)
    path.write_text("a: &all {x: 1}\nb: {<<: *all, x: 2}\n")
    assert config_files.read(path) == {"a": {"x": 1}, "b": {"x": 2}}


def test_the_command_line_gives_what_a_file_would() -> None:
    """Snakemake reads all that is within a list or a mapping there as texts."""
    given = {
        "mirror": "on",
        "seeds": ["0", "1"],
        "training": {"epochs": "20", "shuffle": "false", "optimizer": {"sgd": {"momentum": "0.9"}}},
    }
    assert config_files.typed(given) == {
        "mirror": "on",
        "seeds": [0, 1],
        "training": {"epochs": 20, "shuffle": False, "optimizer": {"sgd": {"momentum": 0.9}}},
    }


def test_an_entry_that_is_given_later_takes_the_place_of_the_earlier() -> None:
    rate = {"peak": 1, "schedule": {"step": {"every": 1}}}
    first = {"seeds": [0], "training": {"epochs": 1, "optimizer": {"adam": {}}, "batch_size": 64}}
    later = {"training": {"epochs": 2, "optimizer": {"sgd": {}}, "learning_rate": rate}}
    mixed = {
        "seeds": [0],
        "training": {
            "epochs": 2,
            "optimizer": {"adam": {}, "sgd": {}},
            "batch_size": 64,
            "learning_rate": {"peak": 1, "schedule": {"cosine": {}, "step": {"every": 1}}},
        },
    }
    assert config_files.overlaid(mixed, later) == {
        "seeds": [0],
        "training": first["training"] | later["training"],
    }
