"""A kind of source is one function and one line: the configuration and the download know it."""

from pathlib import Path
from typing import Annotated

import pytest
import yaml

from acquiring import Acquire
from paths import ROOT
from swatchbook.errors import ConfigurationError, DataError, DownloadError
from swatchbook.sources.kinds import KINDS, Source, Unavailable, Wanted
from swatchbook.startup import config_files, configuration

SCHEMA = ROOT / "workflow/schemas/dataset.schema.json"


def written(wanted: Wanted, *, text: Annotated[str, {"minLength": 1}], times: int = 1) -> Source:
    """A made-up kind: a file of a text that stands in the configuration."""

    def take(destination: Path) -> None:
        if text == "nothing":
            raise Unavailable("there is no text here")
        if text == "nonsense":
            raise DataError("the text makes no sense", where=destination)
        destination.write_text(f"{wanted.file}: {text * times}")

    return Source(f"the text {text}", take, "from a text: think of a better one")


@pytest.fixture(autouse=True)
def made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS, "written", written)


def load(folder: Path, *sources: dict) -> dict:
    spec = config_files.read(ROOT / "config/datasets/fashion-mnist.yaml")
    spec["sources"] = list(sources)
    (folder / "some.yaml").write_text(yaml.safe_dump(spec))
    return configuration.load_dataset("some", [folder], SCHEMA)


def refusal(folder: Path, source: dict) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(folder, source)
    return str(caught.value).removeprefix(f"{folder / 'some.yaml'}: ")


def test_a_new_kind_is_allowed_completed_and_brings_the_file(take: Acquire, tmp_path: Path) -> None:
    (source,) = load(tmp_path, {"kind": "written", "text": "hello"})["sources"]
    assert source == {"kind": "written", "text": "hello", "times": 1}
    target = tmp_path / "new.txt"
    spec = {"files": {target.name: {}}, "sources": [source | {"times": 2}]}
    receipt = take(spec, target.name, target)
    assert target.read_text() == "new.txt: hellohello"
    assert (receipt["source"], receipt["verified"]) == ("the text hello", "nothing pinned")


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ({"kind": "writen", "text": "x"}, 'key \'sources[0].kind\' is "writen"; allowed: "url", '),
        ({"kind": "written"}, "key 'sources[0].text' is missing"),
        (
            {"kind": "written", "text": ""},
            "key 'sources[0].text' is \"\"; allowed: a text, not",
        ),
        (
            {"kind": "written", "text": "x", "tims": 2},
            "unknown key 'sources[0].tims'; did you mean 'times'?",
        ),
        ({"kind": "kaggle"}, "key 'sources[0].competition' is missing"),
        ({"kind": "folder", "path": 3}, "key 'sources[0].path' is 3; allowed: a text"),
    ],
)
def test_a_wrong_key_of_a_kind_is_told_as_any_other(
    tmp_path: Path, source: dict, told: str
) -> None:
    assert refusal(tmp_path, source).startswith(told)


def test_the_kinds_are_named_where_there_is_no_schema(take: Acquire, tmp_path: Path) -> None:
    spec = {"files": {"new.txt": {}}, "sources": [{"kind": "written"}]}
    with pytest.raises(ConfigurationError) as caught:
        take(spec, "new.txt", tmp_path / "new.txt")
    assert str(caught.value) == (
        "sources: 'written' is no kind of source, or it lacks a key "
        "(the kinds are url, bucket, folder, file, packed, kaggle, cifar10-binary and written)"
    )


def test_why_a_new_kind_failed_and_what_helps_is_told(take: Acquire, tmp_path: Path) -> None:
    target = tmp_path / "new.txt"
    texts = ("nothing", "nonsense")
    spec = {
        "files": {target.name: {}},
        "sources": [{"kind": "written", "text": text} for text in texts],
    }
    with pytest.raises(DownloadError) as caught:
        take(spec, target.name, target)
    told = str(caught.value).splitlines()
    assert told[1] == "  - the text nothing: skipped, there is no text here"
    assert told[2] == "  - the text nonsense: the text makes no sense"
    assert told[4] == "  - from a text: think of a better one"
