"""The real data sets, where they are at hand: decoded, and one epoch trained."""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from project import ROOT, Project

DATA = ROOT.parent / "shared" / "data"
SHAPES = {
    "fashion-mnist": {
        "train": (55_000, 28, 28, 1),
        "validation": (5_000, 28, 28, 1),
        "test": (10_000, 28, 28, 1),
    },
    "cifar10": {
        "train": (36_000, 32, 32, 3),
        "validation": (4_000, 32, 32, 3),
        "test": (10_000, 32, 32, 3),
    },
}

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not there")


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The default configuration with one epoch and one seed, run as far as the metrics."""
    folder = tmp_path_factory.mktemp("real")
    for name in ("Snakefile", "workflow", "profiles"):
        (folder / name).symlink_to(ROOT / name)
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    config["seeds"] = [0]
    config["training"]["epochs"] = 1
    (folder / "work/config").mkdir(parents=True)
    (folder / "work/config/config.yaml").write_text(yaml.safe_dump(config))
    (folder / "work/config/datasets").symlink_to(ROOT / "config/datasets")
    project = Project(folder)
    cells = [f"results/{dataset}/baseline/seed-0/metrics.json" for dataset in SHAPES]
    project.run(*cells, "--config", f"mirror={DATA}")
    return project


@pytest.mark.parametrize("dataset", SHAPES)
def test_the_arrays_have_the_shapes_and_the_range_of_the_design(
    real: Project, dataset: str
) -> None:
    for split, shape in SHAPES[dataset].items():
        x = np.load(real.work / f"results/{dataset}/arrays/x_{split}.npy", mmap_mode="r")
        y = np.load(real.work / f"results/{dataset}/arrays/y_{split}.npy")
        assert x.shape == shape
        assert y.shape == (shape[0], 10)
        assert x.dtype == y.dtype == np.float32
        assert (x.min(), x.max()) == (0, 1)
        assert (y.sum(axis=1) == 1).all()


@pytest.mark.parametrize("dataset", SHAPES)
def test_the_arrays_hold_the_pinned_content(real: Project, dataset: str) -> None:
    """Back from float32 and split to uint8 in id order, the pixels have the pinned digests."""
    folder = real.work / f"results/{dataset}/arrays"
    spec = yaml.safe_load((ROOT / f"config/datasets/{dataset}.yaml").read_text())
    index = pd.read_csv(folder / "index.csv")
    pixels = {
        split: np.round(np.load(folder / f"x_{split}.npy") * 255).astype(np.uint8)
        for split in SHAPES[dataset]
    }
    if dataset == "cifar10":
        order = np.argsort(index["id"].astype(int).to_numpy())
        content = np.concatenate(list(pixels.values()))[order]
        assert hashlib.sha256(content).hexdigest() == spec["content"]["images"]
    else:
        header = np.array([0x803, 60_000, 28, 28], ">u4").tobytes()
        content = header + pixels["validation"].tobytes() + pixels["train"].tobytes()
        assert hashlib.sha256(content).hexdigest() == spec["content"]["train_images"]


def test_the_first_images_are_those_that_the_design_names(real: Project) -> None:
    index = pd.read_csv(real.work / "results/fashion-mnist/arrays/index.csv")
    first = index[index["row"] == 0].set_index("split")["label"]
    assert first["train"] == "Coat"
    assert first["test"] == "Ankle boot"


def test_the_drawn_split_is_scikit_learns(real: Project) -> None:
    from sklearn.model_selection import train_test_split

    index = pd.read_csv(real.work / "results/cifar10/arrays/index.csv")
    train, test = train_test_split(np.arange(1, 50_001), test_size=0.2, random_state=42)
    assert (index.loc[index["split"] == "test", "id"].to_numpy() == test).all()
    assert set(index.loc[index["split"] != "test", "id"]) == set(train)


@pytest.mark.parametrize(("dataset", "least"), [("fashion-mnist", 0.8), ("cifar10", 0.4)])
def test_one_epoch_learns(real: Project, dataset: str, least: float) -> None:
    table: Path = real.work / f"results/{dataset}/baseline/seed-0/history.csv"
    assert pd.read_csv(table)["val_accuracy"].iloc[-1] > least
