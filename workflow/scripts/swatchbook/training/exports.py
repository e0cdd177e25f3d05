"""The formats that a trained model is exported to: each name in a configuration, and its writer.

Keras writes all of them. The files are run by their own runtimes, which `deployment` knows; only a
SavedModel's is TensorFlow itself.

Keras and TensorFlow are imported only when a model is written or run.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple


class Models(NamedTuple):
    """What a format is written from: one trained network of Keras's layers, all of it in float32.

    Attributes
    ----------
    probabilities
        The Keras model from images, float32 in [0, 1], shape (n, height, width, channels), to
        probabilities, float32, shape (n, classes).
    with_logits
        The same with two outputs, `logits` and `probabilities`.
    sample
        Images by which the range of each value in the network is found, float32, shape as above.
    """

    probabilities: Any
    with_logits: Any
    sample: Any


def saved_model(models: Models, path: Path) -> None:
    """Write a folder for TensorFlow and its server."""
    models.probabilities.export(path, format="tf_saved_model", verbose=False)


def onnx(models: Models, path: Path) -> None:
    """Write an ONNX file, by tf2onnx; with the logits, by which `predict` calibrates."""
    models.with_logits.export(path, format="onnx", verbose=False)


def litert(models: Models, path: Path) -> None:
    """Write a LiteRT file with weights in float16."""
    tf = _tensorflow()
    _litert(models, path, supported_types=[tf.float16])


def litert_int8(models: Models, path: Path) -> None:
    """Write a LiteRT file with weights and activations in eight bits; images stay float32.

    B. Jacob et al., 2018, Quantization and training of neural networks for efficient
    integer-arithmetic-only inference, CVPR.
    """

    def sample() -> Iterator[list[Any]]:
        for row in range(len(models.sample)):
            yield [models.sample[row : row + 1]]

    _litert(models, path, representative_dataset=sample)


def _litert(
    models: Models,
    path: Path,
    supported_types: list[Any] | None = None,
    representative_dataset: Callable[[], Iterator[list[Any]]] | None = None,
) -> None:
    tf = _tensorflow()
    models.probabilities.export(
        path,
        format="litert",
        verbose=False,
        optimizations=[tf.lite.Optimize.DEFAULT],
        representative_dataset=representative_dataset,
        # Keras would let operations of TensorFlow in, which LiteRT alone cannot run.
        target_spec={
            "supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS],
            "supported_types": supported_types or [],
        },
    )


def run_saved_model(path: Path) -> Callable[[Any], Any]:
    """Return what takes images and gives probabilities, NumPy arrays as in `Models`."""
    tf = _tensorflow()
    loaded = tf.saved_model.load(str(path))
    return lambda images: loaded.serve(tf.constant(images)).numpy()


def _tensorflow() -> Any:
    from swatchbook.training import devices

    return devices.import_tensorflow()


class Export(NamedTuple):
    """An entry of the table.

    Attributes
    ----------
    write
        What writes the models to a path.
    file
        The name of the file, or of the folder.
    runtime
        What runs it: ``tensorflow``, or a name in `deployment.runtimes.RUNTIMES`.
    numbers
        What its weights are: ``float32``, ``float16`` or ``int8``. Decides how exactly it must
        agree with Keras.
    """

    write: Callable[[Models, Path], None]
    file: str
    runtime: str
    numbers: str


# A new format is a function above and a line here.
EXPORTS = {
    "onnx": Export(onnx, "model.onnx", "onnxruntime", "float32"),
    "savedmodel": Export(saved_model, "savedmodel", "tensorflow", "float32"),
    "litert": Export(litert, "model.float16.tflite", "litert", "float16"),
    "litert_int8": Export(litert_int8, "model.int8.tflite", "litert", "int8"),
}
