"""Every table of an evaluation tells of the same predictions.

TensorFlow is set up once a process, so each evaluation runs in one of its own.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sklearn.metrics

import forked
from swatchbook.comparison import metrics
from swatchbook.data import arrays
from swatchbook.errors import TrainingError
from swatchbook.training import model_files, models, prediction
from swatchbook.training.devices import import_tensorflow

DRIVER = """
import json, sys
from swatchbook.training import evaluation

evaluation.evaluate(**json.loads(sys.argv[1]))
"""
CLASSES = ["NA", "b & c", "1"]
SIZES = {"train": 30, "validation": 12, "test": 501}  # a batch is 500
LAYERS = [
    {"conv": {"filters": 4, "kernel": 3, "activation": "relu"}},
    {"dropout": {"rate": 0.5}},
    {"flatten": {}},
]


def make_cell(
    folder: Path, precision: str = "float32", validation: int = 12, views: dict | None = None
) -> Path:
    """Write arrays, a model with the weights of seed 7, and its run.json; evaluate it."""
    import_tensorflow()
    sizes = SIZES | {"validation": validation}
    generator = np.random.default_rng(0)
    count = sum(sizes.values())
    labels = generator.integers(3, size=count)
    pixels = generator.integers(0, 256, (count, 5, 5, 3), np.uint8)
    parts = np.split(generator.permutation(count), np.cumsum(list(sizes.values()))[:-1])
    ids = [f"{number:04d}" for number in range(count)]
    rows = dict(zip(sizes, parts, strict=True))
    arrays.write(folder / "arrays", pixels, labels, ids, rows, CLASSES)
    cell = folder / "cell"
    cell.mkdir()
    model_files.save(models.build(LAYERS, (5, 5, 3), 3, 7, precision), cell / "model.keras")
    run = {"layers": LAYERS, "seed": 0, "device": {"precision": precision, "threads": 1}}
    (cell / "run.json").write_text(json.dumps(run))
    given = {
        "arrays_folder": str(folder / "arrays"),
        "model_file": str(cell / "model.keras"),
        "run_file": str(cell / "run.json"),
        "device": "cpu",
        "classes": CLASSES,
        "output": str(cell),
        "views": views,
    }
    forked.run(forked.TENSORFLOW, DRIVER, json.dumps(given), seconds=120).check_returncode()
    return cell


@pytest.fixture(scope="module", params=["float32", "mixed_bfloat16"])
def cell(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An evaluated model."""
    return make_cell(tmp_path_factory.mktemp("evaluated"), request.param)


def truth(cell: Path) -> np.ndarray:
    return arrays.load(cell.parent / "arrays", "test")[1].argmax(1)


def table(cell: Path, name: str) -> pd.DataFrame:
    texts = {"id": str, "label": str, "predicted": str, "class": str}
    return pd.read_csv(cell / f"{name}.csv", dtype=texts, keep_default_na=False)


def test_probabilities_are_float32_and_their_rows_sum_to_one(cell: Path) -> None:
    probabilities = np.load(cell / "probabilities.npy")
    assert probabilities.shape == (501, 3)
    assert probabilities.dtype == np.float32
    assert probabilities.min() >= 0
    assert np.allclose(probabilities.sum(1), 1, atol=1e-6)


def test_probabilities_are_the_saved_models_own_without_dropout(cell: Path) -> None:
    import keras

    x, _ = arrays.load(cell.parent / "arrays", "test")
    logits = keras.saving.load_model(cell / "model.keras")(x, training=False)
    expected = np.array(keras.ops.softmax(logits))
    # Another size of batch may add in another order.
    assert np.allclose(np.load(cell / "probabilities.npy"), expected, atol=1e-3)


def test_predictions_lead_from_the_index_to_the_surest_class(cell: Path) -> None:
    probabilities, predictions = np.load(cell / "probabilities.npy"), table(cell, "predictions")
    index = pd.read_csv(cell.parent / "arrays" / "index.csv", dtype=str, keep_default_na=False)
    index = index[index["split"] == "test"]
    assert list(predictions.columns) == ["row", "id", "label", "predicted", "probability"]
    assert predictions["row"].tolist() == list(range(501))
    for column in ("id", "label"):
        assert predictions[column].tolist() == index[column].tolist()
    assert predictions["label"].tolist() == [CLASSES[n] for n in truth(cell)]
    assert predictions["predicted"].tolist() == [CLASSES[n] for n in probabilities.argmax(1)]
    assert np.array_equal(predictions["probability"].astype(np.float32), probabilities.max(1))


def test_test_metrics_are_scikit_learns_of_the_written_probabilities(cell: Path) -> None:
    labels, probabilities = truth(cell), np.load(cell / "probabilities.npy").astype(np.float64)
    probabilities /= probabilities.sum(1, keepdims=True)
    predicted = probabilities.argmax(1)
    measured = json.loads((cell / "metrics.json").read_text())
    assert measured["test"] == pytest.approx(
        {
            "images": 501,
            "accuracy": sklearn.metrics.accuracy_score(labels, predicted),
            "macro_f1": sklearn.metrics.f1_score(labels, predicted, average="macro"),
            "log_loss": sklearn.metrics.log_loss(labels, probabilities),
            "brier": ((probabilities - np.eye(3)[labels]) ** 2).sum(1).mean(),
            "ece": metrics.calibration_error(labels, probabilities),
        },
        rel=1e-9,
    )


def test_probabilities_of_the_validation_images_are_kept_in_their_order(cell: Path) -> None:
    probabilities = np.load(cell / "probabilities_validation.npy")
    assert probabilities.shape == (12, 3)
    assert probabilities.dtype == np.float32
    labels = arrays.load(cell.parent / "arrays", "validation")[1].argmax(1)
    measured = json.loads((cell / "metrics.json").read_text())["validation"]
    assert metrics.summary(labels, probabilities) == pytest.approx(measured)


def test_training_and_validation_images_are_measured_too(cell: Path) -> None:
    measured = json.loads((cell / "metrics.json").read_text())
    assert {split: found["images"] for split, found in measured.items()} == SIZES
    always = {name for name, metric in metrics.METRICS.items() if metric.where is metrics.always}
    assert len(always) == 5
    assert all(always <= found.keys() for found in measured.values())


def test_the_tables_tell_of_the_same_predictions(cell: Path) -> None:
    labels, predicted = truth(cell), np.load(cell / "probabilities.npy").argmax(1)
    matrix = table(cell, "confusion_matrix").set_index("class")
    assert list(matrix.index) == list(matrix.columns) == CLASSES
    expected = sklearn.metrics.confusion_matrix(labels, predicted)
    assert matrix.to_numpy().tolist() == expected.tolist()
    report = table(cell, "classification_report").set_index("class")
    assert list(report.index[:3]) == CLASSES
    scores = sklearn.metrics.precision_recall_fscore_support(labels, predicted, zero_division=0)
    found = report.iloc[:3][["precision", "recall", "f1-score", "support"]].astype(float)
    assert np.allclose(found.to_numpy().T, scores)
    accuracy = json.loads((cell / "metrics.json").read_text())["test"]["accuracy"]
    assert float(report.loc["accuracy", "f1-score"]) == pytest.approx(accuracy)


def test_an_empty_validation_set_has_no_metrics(tmp_path: Path) -> None:
    cell = make_cell(tmp_path, validation=0)
    assert np.load(cell / "probabilities_validation.npy").shape == (0, 3)
    measured = json.loads((cell / "metrics.json").read_text())
    assert measured["validation"] is None
    assert measured["test"]["images"] == 501


# By the name of a way its views, weight, top and left of the padded image; each is mirrored, too.
VIEWS = {
    "mirror_shift": [(1 / 4, 1, 1), (1 / 8, 0, 0), (1 / 8, 2, 2)],
    "mirror_square": [
        (1 / 8, 1, 1),
        *((1 / 16, *at) for at in ((0, 1), (2, 1), (1, 0), (1, 2))),
        *((1 / 32, *at) for at in ((0, 0), (0, 2), (2, 0), (2, 2))),
    ],
}


@pytest.mark.parametrize("name", VIEWS)
def test_views_of_an_image_are_measured_beside_it_and_change_nothing_else(
    tmp_path: Path, name: str
) -> None:
    plain = make_cell(tmp_path / "plain")
    seen = make_cell(tmp_path / "seen", views={name: {"pixels": 1}})
    for file in sorted(path.name for path in plain.iterdir()):
        if file not in ("metrics.json", "model.keras"):  # Keras counts its models
            assert (plain / file).read_bytes() == (seen / file).read_bytes()
    measured = json.loads((seen / "metrics.json").read_text())
    views = measured.pop("views")
    assert measured == json.loads((plain / "metrics.json").read_text())
    averaged = metrics.summary(*of_views(seen, VIEWS[name]))
    assert views["log_loss"] == pytest.approx(averaged["log_loss"])


def of_views(cell: Path, views: list[tuple[float, int, int]]) -> tuple[np.ndarray, np.ndarray]:
    """Average the logits of all views, by NumPy."""
    x, y = arrays.load(cell.parent / "arrays", "test")
    model = models.build(LAYERS, (5, 5, 3), 3, 7, "float32")
    padded = np.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)], mode="reflect")
    logits = np.zeros((len(x), 3))
    for weight, top, left in views:
        view = padded[:, top : top + 5, left : left + 5]
        logits += weight * (np.asarray(model(view)) + np.asarray(model(view[:, :, ::-1])))
    exponentials = np.exp(logits)
    return y.argmax(1), exponentials / exponentials.sum(1, keepdims=True)


def test_views_larger_than_images_allow_are_refused() -> None:

    model = models.build(LAYERS, (5, 5, 3), 3, 7, "float32")
    predict = prediction.predictor(model, {"mirror_shift": {"pixels": 5}})
    with pytest.raises(TrainingError, match=r"mirror_shift.pixels is 5; .* at most 4"):
        predict(np.zeros((1, 5, 5, 3), np.float32), "views")
