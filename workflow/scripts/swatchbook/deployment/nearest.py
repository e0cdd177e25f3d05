"""Which training images a model takes for most alike, by what it computes before its last layer."""

import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from swatchbook.deployment import runtimes

FEATURES = "features"  # the output that is added to the model
MOST_IMAGES = 1000
MOST_FEATURES = 1024  # numbers an image, and a byte each
BATCH = 50
# What does not keep one from calling the layer below the last.
PASSED = {"Add", "Cast", "Identity", "Mul"}
LAST = {"Gemm", "MatMul"}


class Described(NamedTuple):
    """A model that gives features, and those of some images.

    Attributes
    ----------
    onnx
        The bytes of an ONNX file: the model with one more output, ``features``.
    features
        int8, shape (images, features): of each image in proportion, its largest 127.
    layer
        Whether they are what the last layer takes, else the logits.
    """

    onnx: bytes
    features: np.ndarray
    layer: bool


def chosen_rows(labels: np.ndarray, classes: int, most: int = MOST_IMAGES) -> np.ndarray:
    """Choose images of all classes alike, evenly spaced through the data.

    Parameters
    ----------
    labels
        Class indices, shape (n,).
    classes
        How many classes there are.

    Returns
    -------
    numpy.ndarray
        Rows in their order, `most` at most; of a class with too few images all.
    """
    each = max(1, most // classes)
    found = [np.flatnonzero(labels == label) for label in range(classes)]
    spaced = [
        rows[np.unique(np.linspace(0, len(rows) - 1, min(each, len(rows))).round().astype(int))]
        for rows in found
        if len(rows)
    ]
    return np.sort(np.concatenate(spaced))[:most]


def describe(onnx_file: str | Path, images: np.ndarray) -> Described:
    """Let a model give the features of images.

    Parameters
    ----------
    onnx_file
        An export.
    images
        float32, shape (n, height, width, channels).

    Raises
    ------
    ExportError
        If onnxruntime does not take the model.
    """
    layer = _before_last(_loaded(onnx_file).graph)
    for name in filter(None, (layer, "logits")):
        content = _with_features(_loaded(onnx_file), name)
        features = _features(content, images)
        if features.ndim == 2 and features.shape[1] <= MOST_FEATURES:
            break
    return Described(content, in_proportion(features), name == layer)


def _loaded(onnx_file: str | Path) -> Any:
    import onnx

    return onnx.load(str(onnx_file))


def in_proportion(features: np.ndarray) -> np.ndarray:
    """Return each image's features in int8, the largest of them 127; directions are what counts."""
    largest = np.abs(features).max(axis=1, keepdims=True)
    shares = np.divide(features, largest, out=np.zeros_like(features), where=largest > 0)
    return np.rint(127 * shares).astype(np.int8)


def _before_last(graph: Any) -> str | None:
    """Return the name of what the last layer with weights takes; ``None`` where none is found."""
    made_by = {name: node for node in graph.node for name in node.output}
    constant = {tensor.name for tensor in graph.initializer}
    name = "logits"
    while name in made_by:
        node = made_by[name]
        if node.op_type in LAST:
            return node.input[0] if node.input[0] in made_by else None
        given = [one for one in node.input if one not in constant]
        if node.op_type not in PASSED or len(given) != 1:
            return None
        (name,) = given
    return None


def _with_features(model: Any, name: str) -> bytes:
    """Return a model with one more output, which is a value that it computes anyway."""
    from onnx import TensorProto, helper

    model.graph.node.append(helper.make_node("Identity", [name], [FEATURES]))
    model.graph.output.append(helper.make_tensor_value_info(FEATURES, TensorProto.FLOAT, None))
    return model.SerializeToString()


def _features(onnx: bytes, images: np.ndarray) -> np.ndarray:
    """Return what a model gives of images, float32."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.onnx")
        path.write_bytes(onnx)
        session = runtimes.onnx_session(path, threads=1)
    batches = (images[first : first + BATCH] for first in range(0, len(images), BATCH))
    return np.concatenate([session.run([FEATURES], {"images": batch})[0] for batch in batches])
