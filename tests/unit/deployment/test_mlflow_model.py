"""MLflow's own library loads the folder of an export, and gives what predict gives."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from exported import ABOUT
from swatchbook.data import arrays
from swatchbook.deployment import data_sheet, mlflow_model
from swatchbook.deployment.classification import Classifier, calibrated

# MLflow tells its makers of its use, unless it is told not to.
QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
LOAD = """
import json, sys
import mlflow.onnx, mlflow.pyfunc
import numpy as np

folder, images, output = sys.argv[1:]
loaded = mlflow.pyfunc.load_model(folder)
images = np.load(images)
np.savez(output, **loaded.predict({"images": images}))
try:
    loaded.predict({"images": images[:, :4]})
except mlflow.exceptions.MlflowException as error:
    refused = str(error)
print(json.dumps({
    "inputs": loaded.metadata.signature.inputs.to_dict(),
    "metadata": loaded.metadata.metadata,
    "onnx": mlflow.onnx.load_model(folder).graph.input[0].name,
    "refused": refused,
    "needs": open(mlflow.pyfunc.get_model_dependencies(folder)).read(),
}))
"""


def test_mlflow_gives_the_probabilities_that_predict_gives(
    made: Path, run: Path, tmp_path: Path
) -> None:
    images = np.array(arrays.load(run.parents[1] / "arrays", "test")[0][:50])
    np.save(tmp_path / "images.npy", images)
    command = [sys.executable, "-c", LOAD, made, tmp_path / "images.npy", tmp_path / "found.npz"]
    done = subprocess.run(
        command, env=os.environ | QUIET, cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    told, found = json.loads(done.stdout.splitlines()[-1]), np.load(tmp_path / "found.npz")
    sheet, _ = data_sheet.read(made)
    rows = Classifier(made).classify(["x"] * 50, np.rint(images * 255).astype(np.uint8))
    likeliest = np.sort(calibrated(found["logits"], told["metadata"]["temperature"]))[:, ::-1]
    expected = np.array([row.probabilities for row in rows])
    np.testing.assert_allclose(likeliest[:, : expected.shape[1]], expected, atol=1e-5)
    evaluated = np.load(run / "probabilities.npy")[:50]
    np.testing.assert_allclose(found["probabilities"], evaluated, atol=1e-3)
    (pixels,) = told["inputs"]
    assert pixels["name"] == told["onnx"] == "images"
    assert pixels["tensor-spec"] == {"dtype": "float32", "shape": [-1, 8, 8, 3]}
    assert told["metadata"]["classes"] == ABOUT["classes"] == list(sheet.classes)
    assert "shape" in told["refused"]
    assert "onnxruntime==" in told["needs"] and "mlflow" in told["needs"]


def test_the_same_model_is_described_the_same_each_time(made: Path, tmp_path: Path) -> None:
    sheet, _ = data_sheet.read(made)
    mlflow_model.write(sheet, tmp_path)
    for name in (mlflow_model.MODEL, mlflow_model.REQUIREMENTS, mlflow_model.ENVIRONMENT):
        assert (tmp_path / name).read_bytes() == (made / name).read_bytes()
