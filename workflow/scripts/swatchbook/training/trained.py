"""A trained model made ready to be exported."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from swatchbook.data import arrays
from swatchbook.errors import ExportError
from swatchbook.files import read_json
from swatchbook.training import devices, exports, model_files, models
from swatchbook.training.exports import EXPORTS, Export, Models
from swatchbook.training.prediction import predictor


@dataclass(frozen=True)
class Exportable:
    """A trained model in float32, whatever it was trained in.

    Attributes
    ----------
    models
        What formats are written from.
    predict
        As `prediction.predictor` returns it, of the layers that it was trained with.
    formats
        The formats that there are.
    """

    models: Models
    predict: Callable[[np.ndarray, str], np.ndarray]
    formats: Mapping[str, Export]

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """Return what Keras itself makes of float32 images: float32, shape (n, classes)."""
        return self.predict(images, "predict by Keras")

    def write(self, kind: str, path: Path) -> None:
        """Write it in one of the formats.

        Raises
        ------
        ExportError
            If the format has no word for what the model does.
        """
        try:
            self.formats[kind].write(self.models, path)
        except Exception as error:  # each converter raises what it stumbles on
            said = " ".join(str(error).split()) or type(error).__name__
            raise ExportError(
                f"cannot be written as {kind}: {said[:200]}",
                where=path.parent,
                hint=f"leave {kind} out of export.formats",
            ) from error

    def run_saved_model(self, path: Path) -> Callable[[np.ndarray], np.ndarray]:
        """Return what TensorFlow makes of a SavedModel, as `exports.run_saved_model`."""
        return exports.run_saved_model(path)


def exportable(
    model_file: str | Path,
    run_file: str | Path,
    arrays_folder: str | Path,
    calibration_images: int,
) -> Exportable:
    """Read a trained model, on the CPU, in float32 and with one thread.

    To be called once, before TensorFlow has computed anything. As for an evaluation the model is
    built anew from its description, and only weights are read from `model_file`.

    Parameters
    ----------
    model_file, run_file
        ``model.keras`` and ``run.json`` of the training.
    arrays_folder
        Where the arrays are.
    calibration_images
        How many images an export in eight bits is calibrated by: the first of the validation set,
        or of the training set where there are none.

    Raises
    ------
    DataError
        If the arrays or the weights cannot be read.
    """
    devices.choose("cpu", "float32", 1)
    run = read_json(run_file)
    images, labels = arrays.load(arrays_folder, "validation", run["seed"], mapped=True)
    if not len(images):
        images, labels = arrays.load(arrays_folder, "train", run["seed"], mapped=True)
    model = models.build(run["layers"], images.shape[1:], labels.shape[1], run["seed"], "float32")
    model_files.load_weights(model, model_file)
    return Exportable(
        _models(of_keras_alone(model), np.array(images[:calibration_images])),
        predictor(model),
        EXPORTS,
    )


def of_keras_alone(model: Any) -> Any:
    """Return the model as `model_files.save` describes it, with GELU in words that all know.

    Each of its layers alone computes what its name says, and has the gradient of that.

    Keras computes GELU by erfc, which ONNX lacks; LiteRT has one operation for it and knows it by
    just this form.
    """
    import keras

    tf = devices.import_tensorflow()

    def gelu(inputs: Any) -> Any:
        return 0.5 * inputs * (1 + tf.math.erf(inputs * 0.5**0.5))

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.keras"
        model_files.save(model, file)
        plain = keras.models.load_model(file, compile=False)
    for layer in models.all_layers(plain):
        if getattr(layer, "activation", None) is keras.activations.gelu:
            layer.activation = gelu
    return plain


def _models(plain: Any, sample: np.ndarray) -> Models:
    """Put names on what goes into a model and what comes out, and probabilities at its end."""
    import keras

    images = keras.Input(plain.input_shape[1:], name="images")
    logits = plain(images)
    probabilities = keras.layers.Softmax(name="probabilities")(logits)
    named = keras.layers.Identity(name="logits")(logits)
    made = Models(
        keras.Model(images, probabilities),
        keras.Model(images, {"logits": named, "probabilities": probabilities}),
        sample,
    )
    for model in (made.probabilities, made.with_logits):
        model(sample[:1])  # Keras exports no model that was never called
    return made
