"""A format of data sets is one function and one line: the configuration and `decode` know it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from makers import random_images
from paths import ROOT
from swatchbook.data import arrays, dataset_formats, decoding, splits
from swatchbook.data.dataset_formats import DatasetFormat, File, Images
from swatchbook.errors import ConfigurationError
from swatchbook.signatures import Count
from swatchbook.startup import config_files, configuration

SCHEMA = ROOT / "workflow/schemas/dataset.schema.json"
PIXELS = random_images(10, 2, 3, channels=1)
SPEC: dict[str, Any] = {
    "title": "Some",
    "format": "text",
    "image": {"height": 2, "width": 3, "channels": 1},
    "classes": ["even", "odd"],
    "files": {"values.txt": {}},
    "text": {"values": "values.txt"},
    "split": {"test_share": 0.2},
}


def text(spec: dict[str, Any], folder: Path, *, values: File, skip: Count = 1) -> Images:
    """A made-up format: a text file with a line of numbers an image, after `skip` other lines."""
    rows = np.loadtxt(folder / values, np.uint8, skiprows=skip)
    size = spec["image"]
    pixels = rows.reshape(-1, size["height"], size["width"], size["channels"])
    return Images([f"line-{n}" for n in range(len(rows))], pixels, np.arange(len(rows)) % 2)


@pytest.fixture(autouse=True)
def made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = DatasetFormat(text, splits.drawn, content=("values",), channels=(1,))
    monkeypatch.setitem(dataset_formats.FORMATS, "text", entry)


def load(folder: Path, spec: dict[str, Any]) -> dict[str, Any]:
    (folder / "some.yaml").write_text(yaml.safe_dump(spec))
    return configuration.load_dataset("some", [folder], SCHEMA)


def test_a_data_set_of_a_new_format_is_allowed_completed_and_decoded(tmp_path: Path) -> None:
    spec = load(tmp_path, SPEC)
    assert spec["text"] == {"values": "values.txt", "skip": 1}
    assert spec["split"]["test_share"] == 0.2 and spec["split"]["validation_share"] == 0.1
    np.savetxt(tmp_path / "values.txt", PIXELS.reshape(10, -1), "%d", header="values")
    decoding.decode(spec, tmp_path, tmp_path / "arrays")
    counts = {}
    for split in splits.SPLITS:
        x, y = arrays.load(tmp_path / "arrays", split)
        counts[split] = len(x)
        ids = arrays.read_index(tmp_path / "arrays", split)["id"]
        rows = [int(id_.removeprefix("line-")) for id_ in ids]
        np.testing.assert_array_equal(x, PIXELS[rows].astype(np.float32) / 255)
        assert y.argmax(axis=1).tolist() == [row % 2 for row in rows]
    assert counts == {"train": 7, "validation": 1, "test": 2}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            {"format": "txt"},
            'key \'format\' is "txt"; allowed: "idx", "archive", "npz", "archives", "cifar10", '
            '"parquet", "text"',
        ),
        ({"text": {}}, "key 'text.values' is missing"),
        ({"text": SPEC["text"] | {"value": 1}}, "unknown key 'text.value'; did you mean 'values'?"),
        (
            {"text": {"values": "values.txt", "skip": 0}},
            "key 'text.skip' is 0; allowed: a whole number, at least 1",
        ),
        ({"text": {"values": "v.txt"}}, "key 'text': v.txt does not stand under 'files'"),
        ({"image": SPEC["image"] | {"channels": 3}}, "key 'image.channels' is 3; allowed: 1"),
        (
            {"split": {"test_share": 0.2, "validation_first": 1}},
            "unknown key 'split.validation_first'; did you mean 'validation_share'?",
        ),
        ({"content": {"value": "0" * 64}}, "unknown key 'content.value'; did you mean 'values'?"),
        (
            {"content": {"values": "0"}},
            "key 'content.values' is \"0\"; allowed: a SHA-256 of 64 hexadecimal digits",
        ),
    ],
)
def test_what_is_wrong_with_a_new_format_is_told_as_of_any_other(
    tmp_path: Path, change: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, SPEC | change)
    assert str(caught.value) == f"{tmp_path / 'some.yaml'}: {told}"


def test_a_block_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="key 'text' is missing"):
        load(tmp_path, {key: value for key, value in SPEC.items() if key != "text"})


def test_the_files_of_the_shipped_formats_are_those_that_their_blocks_name() -> None:
    for name, count in (("fashion-mnist", 4), ("cifar10", 2)):
        spec = config_files.read(ROOT / f"config/datasets/{name}.yaml")
        named = dataset_formats.named_files(spec)
        assert sorted(named) == sorted(spec["files"]) and len(named) == count
