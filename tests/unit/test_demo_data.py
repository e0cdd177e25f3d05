"""The demo's embedded data sets: what is committed is what is pinned, and can be made again."""

import csv
import gzip
import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import py7zr
import pytest
import yaml
from py7zr.io import BytesIOFactory

from paths import ROOT

DEMO = ROOT / "demo"
RESOURCES = DEMO / "resources"
OWN = RESOURCES / "own-images"
FASHION_MNIST = Path("/usr/share/datasets/fashion-mnist")
DATASETS = ("fashion-mnist-mini", "own-images")

PARTS = {"train": 6000, "test": 1000}
OWN_IMAGES = 2000
MOST_BYTES = 4_000_000


def read_spec(dataset: str) -> dict[str, Any]:
    return yaml.safe_load((DEMO / "config" / "datasets" / f"{dataset}.yaml").read_text("utf-8"))


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def unzipped(part: str, kind: str) -> bytes:
    name = read_spec("fashion-mnist-mini")["idx"][part][kind]
    return gzip.decompress((RESOURCES / "fashion-mnist-mini" / name).read_bytes())


def idx_header(data: bytes, dimensions: int) -> list[int]:
    return np.frombuffer(data, ">u4", count=1 + dimensions).tolist()


@pytest.fixture(scope="module")
def table() -> dict[str, str]:
    """Labels by id, in the order of the table."""
    with open(OWN / "labels.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["id", "label"]
    labels = {row["id"]: row["label"] for row in rows}
    assert len(labels) == len(rows)
    return labels


@pytest.fixture(scope="module")
def pngs() -> dict[str, bytes]:
    """PNG files by id, in the order of the archive."""
    memory = BytesIOFactory(limit=1 << 20)
    with py7zr.SevenZipFile(OWN / "images.7z") as archive:
        names = archive.getnames()
        archive.extractall(factory=memory)
    assert all(name == f"images/{Path(name).stem}.png" for name in names)
    return {Path(name).stem: memory.products[name].read() for name in names}


@pytest.fixture(scope="module")
def pixels(pngs: dict[str, bytes]) -> np.ndarray:
    """RGB pixels in id order, uint8 (N, 32, 32, 3)."""
    decoded = [
        cv2.imdecode(np.frombuffer(pngs[id_], np.uint8), cv2.IMREAD_UNCHANGED)
        for id_ in sorted(pngs)
    ]
    return np.ascontiguousarray(np.stack(decoded)[..., ::-1])


@pytest.mark.parametrize("dataset", DATASETS)
def test_committed_files_are_the_pinned_ones(dataset: str) -> None:
    pins = {name: file["sha256"] for name, file in read_spec(dataset)["files"].items()}
    found = {
        path.name: [sha256(path.read_bytes())]
        for path in (RESOURCES / dataset).iterdir()
        if path.suffix in {".gz", ".7z", ".csv"}
    }
    assert found == pins


def test_all_files_together_stay_under_4_mb() -> None:
    sizes = [
        (RESOURCES / dataset / name).stat().st_size
        for dataset in DATASETS
        for name in read_spec(dataset)["files"]
    ]
    assert sum(sizes) < MOST_BYTES


@pytest.mark.parametrize("part", PARTS)
def test_mini_has_the_pinned_content(part: str) -> None:
    content = read_spec("fashion-mnist-mini")["content"]
    assert sha256(unzipped(part, "images")) == content[f"{part}_images"]
    assert sha256(unzipped(part, "labels")) == content[f"{part}_labels"]


@pytest.mark.parametrize(("part", "images"), PARTS.items())
def test_mini_has_idx_headers_and_balanced_classes(part: str, images: int) -> None:
    pixels, labels = unzipped(part, "images"), unzipped(part, "labels")
    assert idx_header(pixels, 3) == [0x803, images, 28, 28]
    assert len(pixels) == 16 + images * 28 * 28
    assert idx_header(labels, 1) == [0x801, images]
    assert np.bincount(np.frombuffer(labels, np.uint8, offset=8)).tolist() == [images // 10] * 10


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("kind", ["images", "labels"])
def test_mini_gzip_headers_have_no_time_and_no_name(part: str, kind: str) -> None:
    name = read_spec("fashion-mnist-mini")["idx"][part][kind]
    header = (RESOURCES / "fashion-mnist-mini" / name).read_bytes()[:8]
    assert header == b"\x1f\x8b\x08" + bytes(5)  # deflate, no flags, time 0


def test_own_images_have_the_pinned_content(pixels: np.ndarray, table: dict[str, str]) -> None:
    spec = read_spec("own-images")
    indices = np.array([spec["classes"].index(table[id_]) for id_ in sorted(table)], np.uint8)
    assert sha256(pixels.tobytes()) == spec["content"]["images"]
    assert sha256(indices.tobytes()) == spec["content"]["labels"]


def test_own_images_are_8_bit_rgb_pngs_in_colour(
    pngs: dict[str, bytes], pixels: np.ndarray
) -> None:
    depths_and_colour_types = {png[24:26] for png in pngs.values()}
    assert depths_and_colour_types == {bytes([8, 2])}
    assert pixels.shape == (OWN_IMAGES, 32, 32, 3)
    channels_differ = (pixels.max(axis=3) != pixels.min(axis=3)).any(axis=(1, 2))
    assert channels_differ.all()


def test_own_images_are_balanced_and_all_different(
    pixels: np.ndarray, table: dict[str, str]
) -> None:
    labels = list(table.values())
    counts = {name: labels.count(name) for name in read_spec("own-images")["classes"]}
    assert counts == dict.fromkeys(counts, OWN_IMAGES // 10)
    assert len({image.tobytes() for image in pixels}) == OWN_IMAGES


def test_own_images_ids_table_and_archive_are_in_three_different_orders(
    pngs: dict[str, bytes], table: dict[str, str]
) -> None:
    in_id_order = sorted(table)
    assert set(pngs) == set(table)
    for one, other in (
        (in_id_order, list(table)),
        (in_id_order, list(pngs)),
        (list(table), list(pngs)),
    ):
        in_place = sum(left == right for left, right in zip(one, other, strict=True))
        assert in_place < 20
    # Whoever matches by position must be wrong about as often as by guessing: 1 in 10 right.
    right = sum(table[one] == table[other] for one, other in zip(pngs, table, strict=True))
    assert right < 0.15 * OWN_IMAGES


def test_make_data_gives_the_committed_bytes(tmp_path: Path) -> None:
    if not FASHION_MNIST.is_dir():
        pytest.skip(f"no {FASHION_MNIST}: install Debian's package dataset-fashion-mnist")
    command = [sys.executable, str(DEMO / "make_data.py"), "--output", str(tmp_path)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    made = {
        str(path.relative_to(tmp_path)): sha256(path.read_bytes())
        for path in tmp_path.rglob("*")
        if path.is_file()
    }
    pinned = {
        f"{dataset}/{name}": file["sha256"][0]
        for dataset in DATASETS
        for name, file in read_spec(dataset)["files"].items()
    }
    assert made == pinned
    assert printed.splitlines() == [f"{digest} {name}" for name, digest in pinned.items()]


def test_make_data_says_what_is_missing(tmp_path: Path) -> None:
    command = [sys.executable, str(DEMO / "make_data.py"), "--source", str(tmp_path / "none")]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 1
    assert "dataset-fashion-mnist" in run.stderr
    assert "Traceback" not in run.stderr
