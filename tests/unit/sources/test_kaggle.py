"""Kaggle gets the user's credentials, nobody else does, and its answers are not trusted."""

import io
import json
import logging
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from acquiring import Acquire, kaggle_set
from loopback import Loopback, Reply
from swatchbook.errors import DownloadError

ENDPOINT = "/api/v1/competitions/data/download/cifar-10/trainLabels.csv"
TABLE = b"id,label\n" + b"".join(b"%d,frog\n" % id for id in range(1, 2000))


def place_environment(home: Path) -> dict[str, str]:
    return {"KAGGLE_API_TOKEN": "hush"}


def place_path_in_environment(home: Path) -> dict[str, str]:
    (home / "token").write_text("hush\n")
    return {"KAGGLE_API_TOKEN": str(home / "token")}


def place_token_file(home: Path) -> dict[str, str]:
    (home / ".kaggle").mkdir()
    (home / ".kaggle/access_token").write_text("hush\n")
    return {"KAGGLE_USERNAME": "not", "KAGGLE_KEY": "asked"}


def place_username_and_key(home: Path) -> dict[str, str]:
    place_json(home / ".kaggle", "not asked")
    return {"KAGGLE_USERNAME": "me", "KAGGLE_KEY": "hush"}


def place_json(folder: Path, key: str = "hush") -> dict[str, str]:
    folder.mkdir(parents=True)
    (folder / "kaggle.json").write_text(json.dumps({"username": "me", "key": key}))
    return {}


def place_json_in_config_dir(home: Path) -> dict[str, str]:
    place_json(home / ".kaggle", "not asked")
    place_json(home / "elsewhere")
    return {"KAGGLE_CONFIG_DIR": str(home / "elsewhere")}


@pytest.mark.parametrize(
    ("place", "sent"),
    [
        (place_environment, "Bearer hush"),
        (place_path_in_environment, "Bearer hush"),
        (place_token_file, "Bearer hush"),
        (place_username_and_key, "Basic bWU6aHVzaA=="),
        (lambda home: place_json(home / ".kaggle"), "Basic bWU6aHVzaA=="),
        (lambda home: place_json(home / ".config/kaggle"), "Basic bWU6aHVzaA=="),
        (place_json_in_config_dir, "Basic bWU6aHVzaA=="),
    ],
)
def test_kaggle_gets_the_credentials_wherever_they_are(
    server: Loopback,
    take: Acquire,
    tmp_path: Path,
    place: Callable[[Path], dict[str, str]],
    sent: str,
) -> None:
    server.serve(ENDPOINT, TABLE)
    home = tmp_path / "home"
    environment = {**place(home), "KAGGLE_API_ENDPOINT": server.url("")}
    target = tmp_path / "trainLabels.csv"
    receipt = take(kaggle_set(), "trainLabels.csv", target, environment=environment, home=home)
    assert target.read_bytes() == TABLE
    assert server.requests[0].headers["Authorization"] == sent
    assert receipt["verified"] == "content digest after decoding"
    assert receipt["source"] == "Kaggle competition cifar-10"


def from_kaggle_set(server: Loopback, take: Acquire, target: Path, *replies: Reply | bytes) -> dict:
    server.serve(ENDPOINT, *replies)
    environment = {"KAGGLE_API_TOKEN": "hush", "KAGGLE_API_ENDPOINT": server.url("")}
    return take(kaggle_set(), "trainLabels.csv", target, environment=environment)


def zipped(method: int = zipfile.ZIP_DEFLATED, **members: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return content.getvalue()


def damaged(content: bytes) -> bytes:
    return content[:80] + bytes(100) + content[180:]


def test_a_zipped_answer_of_kaggle_is_unwrapped(
    server: Loopback, take: Acquire, tmp_path: Path
) -> None:
    target = tmp_path / "resources" / "trainLabels.csv"
    answer = zipped(**{"trainLabels.csv": TABLE, "readme.txt": b"-"})
    receipt = from_kaggle_set(server, take, target, answer)
    assert target.read_bytes() == TABLE
    assert receipt["bytes"] == len(TABLE)
    assert os.listdir(target.parent) == ["trainLabels.csv"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (zipped(other=TABLE), "0 members called trainLabels.csv"),
        (zipped(**{"a/trainLabels.csv": TABLE, "b/trainLabels.csv": TABLE}), "2 members"),
        (zipped(**{"trainLabels.csv": bytes(1 << 20)}), "would unpack to 1,048,576"),
        (zipped(**{"trainLabels.csv": TABLE})[:-40], "cannot be read"),
        (damaged(zipped(**{"trainLabels.csv": TABLE})), "cannot be read"),
        (damaged(zipped(zipfile.ZIP_LZMA, **{"trainLabels.csv": TABLE})), "cannot be read"),
        (damaged(zipped(zipfile.ZIP_BZIP2, **{"trainLabels.csv": TABLE})), "cannot be read"),
    ],
    ids=["missing", "twice", "bomb", "cut", "damaged", "damaged LZMA", "damaged bzip2"],
)
def test_a_zipped_answer_that_cannot_be_right_is_refused(
    server: Loopback, take: Acquire, tmp_path: Path, answer: bytes, words: str
) -> None:
    target = tmp_path / "resources" / "trainLabels.csv"
    with pytest.raises(DownloadError, match=words):
        from_kaggle_set(server, take, target, answer)
    assert os.listdir(target.parent) == []


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_of_kaggle_says_token_or_rules(
    server: Loopback,
    take: Acquire,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    status: int,
) -> None:
    caplog.set_level(logging.DEBUG, logger="swatchbook")
    with pytest.raises(DownloadError) as caught:
        from_kaggle_set(server, take, tmp_path / "trainLabels.csv", Reply(status=status))
    told = str(caught.value)
    assert "the token from KAGGLE_API_TOKEN is wrong, or the competition's rules" in told
    assert "accept them at https://www.kaggle.com/competitions/cifar-10/rules" in told
    assert len(server.requests) == 1
    assert "hush" not in told + caplog.text


def test_kaggles_storage_never_sees_the_token(
    server: Loopback, take: Acquire, tmp_path: Path
) -> None:
    with Loopback() as storage:
        signed = storage.serve("/blob", TABLE) + "?signature=x"
        moved = Reply(status=302, headers={"Location": signed})
        from_kaggle_set(server, take, tmp_path / "trainLabels.csv", moved)
    assert "Authorization" in server.requests[0].headers
    assert "Authorization" not in storage.requests[0].headers


def test_a_broken_kaggle_json_is_named_without_its_content(
    server: Loopback, take: Acquire, tmp_path: Path
) -> None:
    path = tmp_path / "home/.kaggle/kaggle.json"
    path.parent.mkdir()
    path.write_text('{"key": "hush"')
    with pytest.raises(DownloadError) as caught:
        take(kaggle_set(), "trainLabels.csv", tmp_path / "trainLabels.csv")
    assert str(path) in str(caught.value) and "hush" not in str(caught.value)
