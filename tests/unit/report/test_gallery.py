"""The report shows the images that it says it shows."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from results_maker import make_dataset
from swatchbook.data import arrays
from swatchbook.files import read_json
from swatchbook.inspection import prediction_checks
from swatchbook.report import gallery

CLASSES = ["cat", "dog", "owl"]
MODELS, SEEDS = ["a", "b"], [0, 1]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_dataset(tmp_path_factory.mktemp("data"), MODELS, SEEDS, CLASSES)
    (folder / "checks").mkdir()
    (folder / "checks" / "duplicates.csv").write_text("first_split,second_split,second_row\n")
    prediction_checks.check_predictions(folder, MODELS, SEEDS, CLASSES, 0.95, folder / "checks")
    gallery.choose_images(folder, MODELS, SEEDS, "a", CLASSES, folder / "gallery")
    return folder


def test_every_thumbnail_is_the_image_that_it_is_said_to_be(made: Path) -> None:
    found = read_json(made / "gallery" / "gallery.json")
    sheet = cv2.imread(str(made / "gallery" / "sheet.webp"))
    height, width = found["height"], found["width"]
    assert sheet.shape[:2] == (found["rows"] * height, found["columns"] * width)
    for number, entry in enumerate(found["images"]):
        row, column = divmod(number, found["columns"])
        part = sheet[row * height :, column * width :][:height, :width].astype(float)
        x, y = arrays.load(made / "arrays", entry["split"])
        expected = x[entry["row"], :, :, 0] * 255
        # Noise is what lossy compression is worst at, and neighbours shine through.
        assert np.abs(part.mean(2) - expected).mean() < 25
        assert (
            np.corrcoef(part.mean(2).ravel(), expected.ravel())[0, 1] > 0.85 or expected.std() < 1
        )
        assert y[entry["row"]].argmax() == entry["label"]
        index = arrays.read_index(made / "arrays", entry["split"])
        assert index["id"].iloc[entry["row"]] == entry["id"]


def test_what_is_told_of_an_image_is_what_the_models_predicted(made: Path) -> None:
    found = read_json(made / "gallery" / "gallery.json")
    for place, model in enumerate(MODELS):
        values = np.stack([np.load(made / model / f"seed-{s}/probabilities.npy") for s in SEEDS])
        for entry in found["images"]:
            if entry["split"] != "test":
                assert entry["models"] == []
                continue
            known = entry["models"][place]
            right = (values[:, entry["row"]].argmax(1) == entry["label"]).sum()
            assert known["right"] == right
            mean = values[:, entry["row"]].mean(0)
            assert [name for name, _ in known["likeliest"]] == np.argsort(-mean).tolist()
            assert known["likeliest"][0][1] == pytest.approx(mean.max(), abs=1e-4)


def test_cells_and_lists_lead_to_images_of_theirs(made: Path) -> None:
    found = read_json(made / "gallery" / "gallery.json")
    for model, cells in found["cells"].items():
        assert cells
        for cell, numbers in cells.items():
            true, _ = map(int, cell.split("-"))
            assert numbers
            assert {found["images"][number]["label"] for number in numbers} == {true}
            assert sum(map(sum, found["counts"][model])) == 24 * len(SEEDS)
    kinds = [(entry["kind"], entry["model"]) for entry in found["lists"]]
    assert kinds[:2] == [("wrong", "a"), ("wrong", "b")]
    assert {kind for kind, _ in kinds} == {"wrong", "only", "suspect", "right"}
    for split, of_classes in found["samples"].items():
        for label, numbers in enumerate(of_classes):
            entries = [found["images"][number] for number in numbers]
            assert entries
            assert {(entry["split"], entry["label"]) for entry in entries} == {(split, label)}
