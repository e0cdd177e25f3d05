"""Kill trainings of the demo at random moments, and compare what they end with to untouched ones.

    python tests/faults/kill_training.py [--kills 20] [--seed 0] [--json FILE]

Both models of the demo, in float32 and in mixed_bfloat16, on its images in colour; Markdown on
standard output. The exit code is 1 if any bit differs.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / part) for part in ("workflow/scripts", "tests/helpers")]

from swatchbook.data import decoding
from swatchbook.startup import config_files, configuration
from trainings import Training, differences, kill, wait_until

PRECISIONS = ("float32", "mixed_bfloat16")
EPOCHS = 6
# One model keeps the weights of its best epoch, which a checkpoint then has too.
ENDS = {
    "baseline": {},
    "dropout": {"keep": "best", "early_stopping": {"patience": 3, "min_delta": 0.0}},
}


def observe(
    training: Training, untouched: Training, kills: int, generator: random.Random
) -> dict[str, Any]:
    """Kill one training again and again, let it end, and say what was seen.

    One kill in four is at a random moment after the start of the process, most of which is the
    import of TensorFlow; the others are at one after the start of the training itself.
    """
    in_training = untouched.run_json()["seconds_in_epochs"]
    kept, finished_early = [], 0
    while len(kept) < kills:
        (training.folder / "log").unlink(missing_ok=True)
        process = training.start()
        if generator.random() > 0.25:
            wait_until(training.has_begun, process)
        try:
            process.communicate(timeout=generator.uniform(0, in_training))
        except subprocess.TimeoutExpired:
            kill(process)
            kept.append(max(training.epochs_kept(), default=0))
        else:
            assert process.returncode == 0, training.log
            finished_early += 1  # nothing to kill: the next attempt starts from the beginning
    code, said = training.run()
    assert code == 0, said
    return {
        "kills": len(kept),
        "epochs kept at each kill": kept,
        "ended before a kill": finished_early,
        "resumed after": training.run_json()["resumed_after"],
        "differences": differences(training.cell, untouched.cell),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    generator = random.Random(options.seed)
    schemas = ROOT / "workflow" / "schemas"
    given = config_files.read(ROOT / "demo/config/config.yaml")
    config = configuration.checked_config(given, schemas / "config.schema.json", "config.yaml")
    spec = configuration.load_dataset(
        "own-images", [ROOT / "demo/config/datasets"], schemas / "dataset.schema.json"
    )
    observations: list[Mapping[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        decoding.decode(spec, ROOT / "demo/resources/own-images", work / "arrays")
        pairs = [(model, precision) for model in config["models"] for precision in PRECISIONS]
        for number, (model, precision) in enumerate(pairs):
            settings = config["training"] | {"precision": precision, "epochs": EPOCHS} | ENDS[model]
            layers = config["models"][model]["layers"]
            name = f"{model}-{precision}"
            untouched = Training(work / f"{name}-untouched", work / "arrays", layers, settings)
            code, said = untouched.run()
            assert code == 0, said
            kills = options.kills // len(pairs) + (number < options.kills % len(pairs))
            training = Training(work / name, work / "arrays", layers, settings)
            found = observe(training, untouched, kills, generator)
            observations.append({"model": model, "precision": precision, **found})
            print(f"{name}: {found}", file=sys.stderr, flush=True)
    if options.json:
        options.json.write_text(json.dumps(observations, indent=2) + "\n")
    print(markdown(observations, options.seed))
    sys.exit(any(row["differences"] for row in observations))


def markdown(observations: list[Mapping[str, Any]], seed: int) -> str:
    kills = sum(row["kills"] for row in observations)
    rows = [
        f"| {row['model']} | {row['precision']} | {row['kills']} | "
        f"{', '.join(map(str, row['epochs kept at each kill']))} | "
        f"{', '.join(map(str, row['resumed after'])) or 'none'} | "
        f"{', '.join(row['differences']) or 'none: every bit is the same'} |"
        for row in observations
    ]
    return "\n".join(
        [
            "## Trainings killed at random moments",
            "",
            f"{kills} times SIGKILL (random moments from seed {seed}), {EPOCHS} epochs of the "
            "demo's images in colour; dropout may stop before and keeps its best epoch's weights. "
            "Then one more start to the end. Compared with an untouched training: `model.keras`, "
            "`history.csv` and TensorBoard's values, times left out.",
            "",
            "| model | precision | kills | epochs kept at each kill | the last run resumed after "
            "epochs | differences |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


if __name__ == "__main__":
    main()
