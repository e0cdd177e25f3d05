"""What a step costs with dropout and without, and what its time goes into.

Trains models on noise in one process, one thread, in turn: the default configuration's baseline and
dropout, dropout with Keras's own layers, and dropout whose factors are drawn before the training,
so that only the multiplications are left of it. Then TensorFlow's profiler tells the parts of a
step, beside what a matrix product and a pass over memory can reach in the same minute.

    python benchmarks/step_parts.py [--rounds 9] [--steps 30] [--precision float32]
"""

import argparse
import json
import math
import random
import re
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "workflow" / "scripts"))

from swatchbook.startup import config_files, configuration
from swatchbook.training import devices, dropouts, models
from swatchbook.training.epochs import Trainer

SHAPE, CLASSES = (28, 28, 1), 10
WITHOUT_DRAWING = "dropout, factors given"
# Parts of a step by what its operations, `name:kind`, have in that; the first that fits.
PARTS = {
    "convolutions": "Conv2D",
    "matrix products": "MatMul",
    "pooling": "MaxPool",
    "dropout": r"dropout|while/mul\w*:Mul$",  # the latter are the gradients
    "ReLU's gradient": "ReluGrad",
    "Adam": "adam",
    "other operations": r"^[^:]+:\w+$",
}


def build(config: Mapping[str, Any], precision: str) -> dict[str, Any]:
    """Return the models by their names in the results."""
    plain, dropout = (config["models"][name]["layers"] for name in ("baseline", "dropout"))
    of_keras = [{"Dropout": one["dropout"]} if "dropout" in one else one for one in dropout]
    layers = {
        "baseline": plain,
        "dropout": dropout,
        "dropout of Keras": of_keras,
        WITHOUT_DRAWING: dropout,
    }
    return {name: models.build(own, SHAPE, CLASSES, 0, precision) for name, own in layers.items()}


def give_factors(batch: int) -> Callable[..., Any]:
    """Return what stands in for `dropouts.factors`, drawing for each layer only once."""
    import tensorflow as tf

    draw, shapes = dropouts.factors, iter([(14, 14, 32), (7, 7, 64), (4, 4, 128), (128,)])

    def given(_: Any, rate: float, __: Any, dtype: Any) -> Any:
        with tf.init_scope():
            return draw(tf.constant([0, 0], tf.int64), rate, (batch, *next(shapes)), dtype)

    return given


def train(trainer: Trainer, x: np.ndarray, y: np.ndarray, steps: int) -> tuple[float, float]:
    """Train for an epoch; return milliseconds of CPU and of wall time a step."""
    with tempfile.TemporaryDirectory() as events:
        start = time.process_time()
        (epoch,) = trainer.fit({"validation": (x[:0], y[:0])}, events)
        cpu = time.process_time() - start
    return 1000 * cpu / steps, 1000 * epoch.seconds / steps


def parts(run: Callable[[], tuple[float, float]], steps: int) -> dict[str, float]:
    """Return milliseconds of wall time a step of each part, by TensorFlow's profiler."""
    import tensorflow as tf
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    found: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        options = tf.profiler.experimental.ProfilerOptions(
            host_tracer_level=3, python_tracer_level=0
        )
        tf.profiler.experimental.start(folder, options=options)
        _, wall = run()
        tf.profiler.experimental.stop()
        (file,) = Path(folder).rglob("*.xplane.pb")
        space = xplane_pb2.XSpace.FromString(file.read_bytes())
    for plane in space.planes:
        if plane.name.startswith("/host:CPU"):
            for line in plane.lines:
                for number, picoseconds in own_times(line.events):
                    name = plane.event_metadata[number].name
                    part = next((p for p, sign in PARTS.items() if re.search(sign, name)), None)
                    if part:
                        found[part] += picoseconds
    told = {part: found[part] / 1e9 / steps for part in PARTS}
    told |= {"between operations": wall - sum(told.values()), "all": wall}
    return {part: round(milliseconds, 2) for part, milliseconds in told.items()}


def own_times(events: Sequence[Any]) -> list[tuple[int, int]]:
    """Return kind and duration of events, without that of the events within them."""
    open_, found = [], []
    for event in sorted(events, key=lambda one: (one.offset_ps, -one.duration_ps)):
        while open_ and open_[-1][0] <= event.offset_ps:
            open_.pop()
        found.append([event.metadata_id, event.duration_ps])
        if open_:
            open_[-1][1][1] -= event.duration_ps
        open_.append((event.offset_ps + event.duration_ps, found[-1]))
    return [(kind, duration) for kind, duration in found]


def roofs(dtype: str) -> dict[str, float]:
    """Return what this thread reaches at best: a matrix product, and passes over 6.4 MB."""
    import tensorflow as tf

    square = tf.ones((2048, 2048), dtype)
    values = tf.ones((128, 28, 28, 32), dtype)
    size = math.prod(values.shape) * values.dtype.size

    def seconds(run: Callable[[], Any]) -> float:
        run()
        found = []
        for _ in range(9):
            start = time.process_time()
            run()
            found.append(time.process_time() - start)
        return min(found)

    return {
        "matrix product, GFLOP/s": round(
            2 * 2048**3 / seconds(lambda: tf.matmul(square, square)) / 1e9
        ),
        "product of two arrays, GB/s": round(3 * size / seconds(lambda: values * values) / 1e9, 1),
        "copy, GB/s": round(2 * size / seconds(lambda: tf.raw_ops.DeepCopy(x=values)) / 1e9, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--precision", default="auto")
    options = parser.parse_args()
    config = configuration.checked_config(
        config_files.read(ROOT / "config/config.yaml"),
        ROOT / "workflow/schemas/config.schema.json",
        "config/config.yaml",
    )
    device = devices.choose("cpu", options.precision, 1)
    settings = dict(config["training"]) | {"epochs": 1}
    batch = settings["batch_size"]
    generator = np.random.default_rng(0)
    x = generator.random((options.steps * batch, *SHAPE), np.float32)
    y = np.eye(CLASSES, dtype=np.float32)[generator.integers(CLASSES, size=len(x))]
    built = build(config, device.precision)
    trainers = {name: Trainer(model, x, y, settings, 0) for name, model in built.items()}
    draw = dropouts.factors
    for name, trainer in trainers.items():  # the warm-up, in which steps are traced
        dropouts.factors = give_factors(batch) if name == WITHOUT_DRAWING else draw
        train(trainer, x, y, options.steps)
    dropouts.factors = draw
    rounds: dict[str, list[tuple[float, float]]] = {name: [] for name in trainers}
    for number in range(options.rounds):
        for name in random.Random(number).sample(list(trainers), len(trainers)):
            rounds[name].append(train(trainers[name], x, y, options.steps))
    base = rounds["baseline"]
    result = {
        name: {
            "cpu_ms_a_step": round(statistics.median(cpu for cpu, _ in found), 1),
            "times_baseline_cpu": round(
                statistics.median(one[0] / two[0] for one, two in zip(found, base, strict=True)), 3
            ),
            "times_baseline_wall": round(
                statistics.median(one[1] / two[1] for one, two in zip(found, base, strict=True)), 3
            ),
        }
        for name, found in rounds.items()
    }
    told = {
        name: parts(lambda trainer=trainer: train(trainer, x, y, options.steps), options.steps)
        for name, trainer in trainers.items()
        if name in ("baseline", "dropout")
    }
    compute = "float32" if device.precision == "float32" else "bfloat16"
    print(json.dumps({"rounds": result, "ms_a_step": told, "roofs": roofs(compute)}, indent=2))


if __name__ == "__main__":
    main()
