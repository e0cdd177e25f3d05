"""What makes the folder of an export a model of MLflow, of its flavour ``onnx``.

The files are those that ``mlflow.onnx.save_model`` writes
(https://mlflow.org/docs/latest/ml/model/#storage-format), without MLflow itself, which is much to
install for three texts. Who loads the folder gets ``logits`` and ``probabilities`` for ``images``.
"""

import json
import platform
from pathlib import Path

import yaml

from swatchbook import provenance
from swatchbook.deployment import data_sheet
from swatchbook.deployment.data_sheet import DataSheet
from swatchbook.files import write_text

MODEL, REQUIREMENTS, ENVIRONMENT = "MLmodel", "requirements.txt", "python_env.yaml"
WRITTEN_FOR = "3.0.0"  # the first MLflow whose format this is
NEEDS = "mlflow>=3,<4"
PACKAGES = ("onnx", "onnxruntime")


def write(sheet: DataSheet, folder: str | Path) -> None:
    """Write ``MLmodel``, ``requirements.txt`` and ``python_env.yaml`` beside an ONNX file.

    Parameters
    ----------
    sheet
        The ONNX file's data sheet.
    folder
        Where both are.
    """
    folder = Path(folder)
    versions = provenance.versions(PACKAGES)
    pins = [f"{package}=={versions[package]}" for package in PACKAGES]
    write_text(folder / REQUIREMENTS, "\n".join([NEEDS, *pins, ""]))
    environment = {
        "python": platform.python_version(),
        "build_dependencies": ["pip", "setuptools", "wheel"],
        "dependencies": [f"-r {REQUIREMENTS}"],
    }
    write_text(folder / ENVIRONMENT, _as_yaml(environment))
    write_text(folder / MODEL, _as_yaml(_described(sheet, versions["onnx"])))


def _described(sheet: DataSheet, onnx_version: str) -> dict[str, object]:
    """Return what ``MLmodel`` says; the names are MLflow's."""
    image = sheet.image
    pixels = _tensor("images", [image["height"], image["width"], image["channels"]])
    outputs = [_tensor(name, [len(sheet.classes)]) for name in ("logits", "probabilities")]
    return {
        "flavors": {
            "onnx": {
                "onnx_version": onnx_version,
                "data": data_sheet.ONNX,
                "providers": ["CPUExecutionProvider"],
                "onnx_session_options": None,
                "code": None,
            },
            "python_function": {
                "loader_module": "mlflow.onnx",
                "python_version": platform.python_version(),
                "data": data_sheet.ONNX,
                "env": {"virtualenv": ENVIRONMENT},
            },
        },
        "mlflow_version": WRITTEN_FOR,
        # The same model is the same, whenever it is written.
        "model_uuid": sheet.provenance[data_sheet.ONNX][:32],
        "signature": {
            "inputs": json.dumps([pixels]),
            "outputs": json.dumps(outputs),
            "params": None,
        },
        "metadata": {
            "title": sheet.title,
            "dataset": sheet.dataset,
            "model": sheet.model,
            "seed": sheet.seed,
            "classes": list(sheet.classes),
            "temperature": sheet.temperature,
        },
    }


def _tensor(name: str, shape: list[int]) -> dict[str, object]:
    """Return the description of a batch of any number of float32 arrays."""
    return {
        "name": name,
        "type": "tensor",
        "tensor-spec": {"dtype": "float32", "shape": [-1, *shape]},
    }


def _as_yaml(content: object) -> str:
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=1000)
