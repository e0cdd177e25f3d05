"""How fast the fast recipes train, beside what this machine's matrix products reach.

Images a second of whole steps (augmentation, forward, backward, optimiser) on made-up images, the
arithmetic of convolutions and dense layers that this is, and its share of the fastest bfloat16
product of matrices found in the same process, on as many threads. Prints JSON, a line for each
number of threads.

    python benchmarks/fast.py [--config config/cifar10-fast.yaml] [--threads 1 2] [--steps 5]
    python benchmarks/fast.py --results FOLDER/results   # accuracies and seconds of a run
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "workflow" / "scripts"))

from swatchbook.comparison.inference import t_interval
from swatchbook.files import read_json
from swatchbook.startup import config_files, configuration
from swatchbook.training import devices, models
from swatchbook.training.epochs import Trainer

# Rows, inner size and columns: products like those of the recipes' convolutions, and a square one.
PRODUCTS = ((2048, 2048, 2048), (16384, 576, 256), (50176, 2304, 256), (50176, 256, 256))


def of_config(path: Path, shape: tuple[int, int, int], threads: int, steps: int) -> dict[str, Any]:
    """Train the first model of a configuration for some steps."""
    schema = ROOT / "workflow/schemas/config.schema.json"
    config = configuration.checked_config(config_files.read(path), schema, path)
    name, model_settings = next(iter(config["models"].items()))
    settings = model_settings["training"]
    device = devices.choose("cpu", settings["precision"], threads)
    tf = devices.import_tensorflow()
    batch = settings["batch_size"]
    x = np.random.default_rng(0).random((2 * batch, *shape), np.float32)
    y = np.eye(10, dtype=np.float32)[np.arange(2 * batch) % 10]
    model = models.build(
        model_settings["layers"],
        shape,
        10,
        0,
        device.precision,
        initializer=settings["initializer"],
    )
    models.show(model, x)
    trainer = Trainer(model, x, y, settings, 0)
    rows = np.arange(batch, dtype=np.int32)[None]
    seconds = [_seconds(lambda: trainer._make_steps(rows)) for _ in range(steps + 2)][2:]
    speed = batch / statistics.median(seconds)
    operations = 3 * _forward_operations(model) - _first_input_operations(model)
    roof = _roof(tf)
    return {
        "model": name,
        "threads": threads,
        "precision": device.precision,
        "images_per_second": round(speed),
        "gflop_an_image": round(operations / 1e9, 3),
        "tflop_per_second": round(speed * operations / 1e12, 3),
        "roof_tflop_per_second": round(roof / 1e12, 3),
        "share_of_roof": round(speed * operations / roof, 3),
    }


def _seconds(what: Any) -> float:
    start = time.perf_counter()
    what()
    return time.perf_counter() - start


def _layer_operations(layer: Any) -> float:
    """Return the additions and multiplications of an image in a convolution or dense layer."""
    if not hasattr(layer, "kernel"):
        return 0.0
    places = np.prod(layer.output.shape[1:-1]) if len(layer.output.shape) == 4 else 1
    return 2.0 * float(places) * float(np.prod(layer.kernel.shape))


def _forward_operations(model: Any) -> float:
    return sum(map(_layer_operations, models.all_layers(model)))


def _first_input_operations(model: Any) -> float:
    """Return what a backward pass leaves out: gradients of images, and of layers that stay."""
    first = next(layer for layer in models.all_layers(model) if hasattr(layer, "kernel"))
    return _layer_operations(first) * (1 if first.trainable else 2)


def _roof(tf: Any) -> float:
    """Return the operations a second of the fastest product of bfloat16 matrices."""
    best = 0.0
    product = tf.function(tf.matmul)
    for rows, inner, columns in PRODUCTS:
        one, other = (
            tf.cast(tf.random.normal(size), tf.bfloat16)
            for size in ((rows, inner), (inner, columns))
        )
        product(one, other)
        fastest = min(_seconds(partial(product, one, other)) for _ in range(5))
        best = max(best, 2.0 * rows * inner * columns / fastest)
    return best


def of_run(results: Path) -> list[dict[str, Any]]:
    """Return what each model of a finished run reached, and in how many seconds."""
    found = []
    for comparison in sorted(results.glob("*/comparison.json")):
        for name, model in read_json(comparison)["models"].items():
            runs = [
                read_json(path) for path in sorted((comparison.parent / name).glob("*/run.json"))
            ]
            row: dict[str, Any] = {"data": comparison.parent.name, "model": name}
            for what, of in (("accuracy", model["metrics"]), ("with views", model["views"])):
                if of:
                    values = np.array(of["accuracy"]["per_seed"])
                    row[what] = {
                        "mean": round(float(values.mean()), 5),
                        "interval": t_interval(values, 0.95),
                        "per_seed": values.tolist(),
                    }
            row["seconds"] = [run["seconds"] for run in runs]
            row["threads"] = sorted({run["device"]["threads"] for run in runs})
            found.append(row)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, default=ROOT / "config/cifar10-fast.yaml")
    parser.add_argument("--shape", type=int, nargs=3, default=(32, 32, 3))
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--results", type=Path)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.results:
        for row in of_run(options.results):
            print(json.dumps(row))
    elif options.here:  # TensorFlow takes its number of threads once a process
        shape = tuple(options.shape)
        print(json.dumps(of_config(options.config, shape, options.threads[0], options.steps)))
    else:
        for threads in options.threads:
            command = [sys.executable, __file__, "--here", "--threads", str(threads)]
            command += ["--config", str(options.config), "--steps", str(options.steps)]
            command += ["--shape", *map(str, options.shape)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            print(done.stdout.strip().splitlines()[-1], flush=True)


if __name__ == "__main__":
    main()
