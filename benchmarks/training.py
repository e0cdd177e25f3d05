"""Training throughput of a default model, against the tutorial's own loop in the same run.

The two take turns as whole processes with the same number of threads; the ratios are round by
round. With --epochs both train to the end, for the test accuracy and the images per second of a
whole run.

    python benchmarks/training.py --data FOLDER [--rounds 5] [--steps 150] [--threads 2]
        [--model baseline dropout] [--precision mixed_bfloat16]
    python benchmarks/training.py --data FOLDER --epochs 10 --rounds 1

FOLDER holds the four official gzip files of Fashion-MNIST.
"""

import argparse
import itertools
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "workflow" / "scripts"))

from swatchbook.comparison import metrics
from swatchbook.data import dataset_formats
from swatchbook.startup import config_files, configuration
from swatchbook.training import devices, models
from swatchbook.training.epochs import Trainer
from swatchbook.training.prediction import predictor

MODELS = ("baseline", "dropout")
PRECISIONS = ("mixed_bfloat16", "float32")
SPEEDS = ("images_per_second", "images_per_cpu_second")


def train_here(options: argparse.Namespace) -> dict[str, float]:
    """Train a model in this process and return its figures."""
    config = configuration.checked_config(
        config_files.read(ROOT / "config/config.yaml"),
        ROOT / "workflow/schemas/config.schema.json",
        "config/config.yaml",
    )
    spec = configuration.load_dataset(
        "fashion-mnist", [ROOT / "config/datasets"], ROOT / "workflow/schemas/dataset.schema.json"
    )
    data = dataset_formats.read(spec, options.data)
    rows = dataset_formats.split(spec, data)
    one_hot = np.eye(10, dtype=np.float32)

    def arrays(part: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.divide(data.pixels[part], np.float32(255)), one_hot[data.labels[part]]

    settings = dict(config["training"])
    device = devices.choose("cpu", options.precision[0], options.threads)
    if options.epochs:
        settings["epochs"] = options.epochs
        x, y = arrays(rows["train"])
    else:
        settings["epochs"] = 1
        x, y = arrays(rows["train"][: options.steps * settings["batch_size"]])
    layers = config["models"][options.model[0]]["layers"]
    model = models.build(layers, x.shape[1:], 10, options.seed, device.precision)
    none = x[:0], y[:0]
    with tempfile.TemporaryDirectory() as events:
        trainer = Trainer(model, x, y, settings, options.seed)
        if not options.epochs:
            trainer.fit({"validation": none}, events)  # the warm-up
        start = time.process_time()
        history = trainer.fit({"validation": none}, events)
        cpu_seconds = time.process_time() - start
    counted = history[1:] or history
    figures = {
        "images_per_second": statistics.mean(row.images_per_second for row in counted),
        "images_per_cpu_second": len(history) * trainer.images / cpu_seconds,
    }
    if options.epochs:
        x, y = arrays(rows["test"])
        probabilities = predictor(model)(x, "test")
        figures["test_accuracy"] = metrics.summary(y.argmax(1), probabilities)["accuracy"]
    return figures


def in_a_process(script: str, *arguments: object) -> dict[str, float]:
    """Run a benchmark script and return the JSON on the last line that it prints."""
    command = [sys.executable, str(Path(__file__).with_name(script)), *map(str, arguments)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return json.loads(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--epochs", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", choices=MODELS, nargs="+", default=MODELS[:1])
    parser.add_argument("--precision", choices=PRECISIONS, nargs="+", default=PRECISIONS)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        print(json.dumps(train_here(options)))
        return
    length = ("--epochs", options.epochs) if options.epochs else ("--steps", options.steps)
    common = ("--data", options.data, *length, "--threads", options.threads)
    rounds: dict[str, list[dict[str, float]]] = {}
    for number in range(options.rounds):
        seed = ("--seed", options.seed + number)
        rounds.setdefault("tutorial", []).append(
            in_a_process("tutorial_training.py", *common, *seed)
        )
        for model, precision in itertools.product(options.model, options.precision):
            own = ("--model", model, "--precision", precision, "--here")
            rounds.setdefault(f"{model}, {precision}", []).append(
                in_a_process("training.py", *common, *seed, *own)
            )
    print(json.dumps({name: compared(runs, rounds) for name, runs in rounds.items()}, indent=2))


def compared(
    runs: list[dict[str, float]], rounds: dict[str, list[dict[str, float]]]
) -> dict[str, object]:
    """Return the figures of some runs, and how many times as fast as others they were."""
    result: dict[str, object] = {}
    for speed in SPEEDS:
        result[speed] = [round(run[speed]) for run in runs]
        for other in [name for name in rounds if name == "tutorial" or name.startswith("baseline")]:
            ratios = [a[speed] / b[speed] for a, b in zip(runs, rounds[other], strict=True)]
            result[f"{speed}, times {other}"] = [round(ratio, 2) for ratio in ratios]
            result[f"{speed}, times {other}, median"] = round(statistics.median(ratios), 2)
    result["test_accuracy"] = [run.get("test_accuracy") for run in runs]
    return result


if __name__ == "__main__":
    main()
