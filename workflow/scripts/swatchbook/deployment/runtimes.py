"""What runs exported models, each without TensorFlow and without Keras."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from swatchbook.errors import ExportError

# From float32 images in [0, 1], shape (n, height, width, channels), to probabilities, float32,
# shape (n, classes).
Run = Callable[[np.ndarray], np.ndarray]

ERRORS_ONLY = 3  # of onnxruntime's levels


def onnxruntime(path: str | Path) -> Run:
    """Open an ONNX file."""
    session = onnx_session(path, threads=1)
    return lambda images: session.run(["probabilities"], {"images": images})[0]


def onnx_session(path: str | Path, threads: int) -> Any:
    """Open an ONNX file for its several outputs.

    Parameters
    ----------
    threads
        CPU threads; 0 for as many as there are cores.

    Returns
    -------
    onnxruntime.InferenceSession
        With the input ``images``, and the outputs ``logits`` and ``probabilities``.

    Raises
    ------
    ExportError
        If onnxruntime does not take it, or it has no such input and outputs.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = ERRORS_ONLY
    try:
        session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # onnxruntime has an exception for each of its states
        raise ExportError(
            f"onnxruntime cannot open it: {' '.join(str(error).split())[:200]}", where=path
        ) from error
    inputs = {value.name for value in session.get_inputs()}
    outputs = {value.name for value in session.get_outputs()}
    if inputs != {"images"} or not {"logits", "probabilities"} <= outputs:
        raise ExportError(
            f"takes {', '.join(sorted(inputs))} and gives {', '.join(sorted(outputs))}, not images "
            "and logits, probabilities",
            where=path,
            hint="it is no export of Swatchbook's",
        )
    return session


def litert(path: str | Path) -> Run:
    """Open a LiteRT file.

    Raises
    ------
    ExportError
        If LiteRT does not take it.
    """
    from ai_edge_litert.interpreter import Interpreter

    try:
        interpreter = Interpreter(str(path), num_threads=1)
        (entry,), (exit_,) = interpreter.get_input_details(), interpreter.get_output_details()
    except (ValueError, RuntimeError) as error:
        raise ExportError(
            f"LiteRT cannot open it: {' '.join(str(error).split())[:200]}", where=path
        ) from error
    there = None

    def run(images: np.ndarray) -> np.ndarray:
        nonlocal there
        if there != len(images):
            interpreter.resize_tensor_input(entry["index"], images.shape)
            interpreter.allocate_tensors()
            there = len(images)
        interpreter.set_tensor(entry["index"], images)
        interpreter.invoke()
        return interpreter.get_tensor(exit_["index"])

    return run


RUNTIMES: dict[str, Callable[[Path], Run]] = {
    "onnxruntime": onnxruntime,
    "litert": litert,
}

# The distribution that each comes in, for the record of versions.
PACKAGES = {
    "onnxruntime": "onnxruntime",
    "litert": "ai-edge-litert",
    "tensorflow": "tensorflow",
}
