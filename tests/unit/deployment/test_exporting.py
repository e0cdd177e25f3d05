"""An export does what the trained model does, or is not there."""

import json
import signal
from pathlib import Path

import numpy as np
import pytest

from exported import SIZES, export, make_run
from swatchbook.comparison import metrics
from swatchbook.data import arrays
from swatchbook.deployment import data_sheet, runtimes
from swatchbook.errors import DataError
from swatchbook.files import digest
from swatchbook.training.exports import EXPORTS

# What has a class of its own in this library, and what converters may not know.
FAST = [
    {"whiten": {"images": 100}},
    {"conv": {"filters": 8, "activation": "gelu", "bias": False}},
    {"batch_norm": {}},
    {"activation": {"function": "gelu"}},
    {
        "residual": {
            "layers": [{"conv": {"filters": 12, "stride": 2}}, {"batch_norm": {}}],
            "function": "silu",
        }
    },
    {"spatial_dropout": {"rate": 0.1}},
    {"pool": {"kind": "average"}},
    {"global_pool": {}},
    {"LayerNormalization": {"epsilon": 0.001}},
    {"logits": {"bias": False}},
]


def images(run: Path, split: str = "test") -> np.ndarray:
    return arrays.load(run.parents[1] / "arrays", split)[0]


def record(folder: Path) -> dict:
    return json.loads((folder / "export.json").read_text())


def test_all_formats_are_written_and_agree_with_the_evaluation(made: Path) -> None:
    said = record(made)
    assert (said["dataset"], said["model"], said["seed"]) == ("stripes", "plain", 0)
    assert list(said["formats"]) == list(EXPORTS)
    assert said["accuracy"] > 0.8, "a model that has learnt nothing would prove nothing"
    for kind, facts in said["formats"].items():
        assert facts["equal_classes"] == pytest.approx(1, abs=0.02)
        assert facts["largest_difference"] < (0.2 if kind == "litert_int8" else 0.01)
        assert facts["accuracy"] == pytest.approx(said["accuracy"], abs=0.02)
        assert facts["milliseconds_an_image"] > 0
        path = made / facts["file"]
        files = [path] if path.is_file() else [f for f in path.rglob("*") if f.is_file()]
        assert facts["bytes"] == sum(file.stat().st_size for file in files) > 0
    versions = {kind: facts["runtime"] for kind, facts in said["formats"].items()}
    assert versions["onnx"].startswith("onnxruntime 1.")
    assert versions["litert"].startswith("ai-edge-litert 2.")
    assert not [path for path in made.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("kind", ["onnx", "litert", "litert_int8"])
@pytest.mark.parametrize("count", [1, 7])
def test_a_batch_may_have_any_size(run: Path, made: Path, kind: str, count: int) -> None:
    form = EXPORTS[kind]
    found = runtimes.RUNTIMES[form.runtime](made / form.file)(images(run)[:count])
    expected = np.load(run / "probabilities.npy")[:count]
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=0.2 if kind == "litert_int8" else 0.01)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=0.02)


def test_the_data_sheet_has_the_calibration_of_the_comparison(run: Path, made: Path) -> None:
    sheet, onnx = data_sheet.read(made)
    watched = np.load(run / "probabilities_validation.npy")
    labels = arrays.load(run.parents[1] / "arrays", "validation")[1].argmax(axis=1)
    assert sheet.temperature == metrics.best_temperature(labels, watched)
    assert sheet.provenance["model.onnx"] == digest(onnx)
    assert sheet.provenance["model.keras"] == digest(run / "model.keras")
    assert (sheet.title, sheet.model, sheet.seed) == ("Stripes", "plain", 0)
    assert sheet.unlike is not None
    assert sheet.unlike.wanted == 0.05
    assert 0.04 < sheet.unlike.validation <= 0.05
    assert 0 < sheet.unlike.test < 0.15


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_the_librarys_own_layers_can_be_exported(tmp_path: Path, precision: str) -> None:
    """Also those of a model in half precision: its export computes in float32."""
    run = make_run(tmp_path / "stripes", FAST, precision, model="fast")
    done = export(run, tmp_path / "made")
    assert done.returncode == 0, done.stderr
    said = record(tmp_path / "made")
    assert said["trained_in"] == precision
    exact = [said["formats"][kind] for kind in ("onnx", "savedmodel")]
    assert all(facts["largest_difference_in_float32"] < 1e-4 for facts in exact)
    if precision == "mixed_bfloat16":
        assert all(facts["largest_difference"] > 1e-4 for facts in exact)


@pytest.mark.parametrize("kind", list(EXPORTS))
def test_another_model_is_refused_and_not_left_behind(run: Path, tmp_path: Path, kind: str) -> None:
    other = run.parents[1] / "wrong" / "seed-1"
    if not other.exists():
        make_run(run.parents[1], [{"global_pool": {}}], model="wrong", seed=1)
    output = tmp_path / "made"
    done = export(run, output, [kind], instead=other)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert f"{kind} does not do what the trained model does" in line
    assert str(output / EXPORTS[kind].file) in line
    assert list(output.iterdir()) == []


@pytest.mark.parametrize("kind", ["onnx", "savedmodel"])
def test_nothing_unproven_has_a_final_name_after_a_kill(
    run: Path, tmp_path: Path, kind: str
) -> None:
    assert export(run, tmp_path / "made", [kind], kill=True).returncode == -signal.SIGKILL
    assert all(path.name.startswith(".") for path in (tmp_path / "made").iterdir())


def test_a_layer_that_a_format_does_not_know_is_told_in_one_line(tmp_path: Path) -> None:
    resized = {"height": 4, "width": 4, "interpolation": "lanczos5"}
    layers = [{"Resizing": resized}, {"flatten": {}}]
    run = make_run(tmp_path / "stripes", layers, model="odd")
    done = export(run, tmp_path / "made", ["onnx"])
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "made/model.onnx: onnxruntime cannot open it" in line
    assert "leave onnx out of export.formats" in line
    assert "ScaleAndTranslate] is not supported" in (run / "export.log").read_text()
    assert list((tmp_path / "made").iterdir()) == []


def test_without_validation_images_nothing_is_calibrated(tmp_path: Path) -> None:
    run = make_run(tmp_path / "stripes", validation=0)
    done = export(run, tmp_path / "made", ["onnx", "litert_int8"])
    assert done.returncode == 0, done.stderr
    sheet, _ = data_sheet.read(tmp_path / "made")
    assert (sheet.temperature, sheet.unlike) == (1.0, None)
    assert record(tmp_path / "made")["calibration"] is None


def test_it_says_what_calibration_does_on_the_test_images(made: Path, run: Path) -> None:
    probabilities = np.load(run / "probabilities.npy")
    labels = arrays.load(run.parents[1] / "arrays", "test")[1].argmax(axis=1)
    sheet, _ = data_sheet.read(made)
    scaled = metrics.with_temperature(probabilities, sheet.temperature)
    assert record(made)["calibration"] == {
        "before": pytest.approx(metrics.calibration_error(labels, probabilities)),
        "after": pytest.approx(metrics.calibration_error(labels, scaled)),
    }


def test_an_export_takes_the_place_of_an_older_one(run: Path, tmp_path: Path) -> None:
    older = tmp_path / "savedmodel"
    older.mkdir()
    (older / "of-before").touch()
    assert export(run, tmp_path, ["savedmodel"]).returncode == 0
    assert (older / "saved_model.pb").is_file() and not (older / "of-before").exists()
    assert not (tmp_path / "model.json").exists(), "it belongs to the ONNX file"


def test_a_sheet_of_another_model_is_refused(made: Path, tmp_path: Path) -> None:
    (tmp_path / "model.json").write_bytes((made / "model.json").read_bytes())
    (tmp_path / "model.onnx").write_bytes((made / "model.onnx").read_bytes() + b"\0")
    with pytest.raises(DataError, match="not the model that model"):
        data_sheet.read(tmp_path / "model.onnx")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 1, "unlike": null}', '{"a":'])
def test_what_is_no_sheet_is_refused(made: Path, tmp_path: Path, text: str) -> None:
    (tmp_path / "model.onnx").write_bytes((made / "model.onnx").read_bytes())
    (tmp_path / "model.json").write_text(text)
    with pytest.raises(DataError, match="no data sheet of a model"):
        data_sheet.read(tmp_path)


def test_sizes_are_enough_to_tell(made: Path) -> None:
    assert record(made)["test_images"] == SIZES["test"]
