"""From the 7z archive of CIFAR-10 to arrays, against two others in the same run.

The floor is ``7z t``, which only decompresses; the ceiling is the tutorial's way,
tutorial_decode.py. Each is a whole process; they take turns, so that the ratios hold where a
machine's speed drifts.

    python benchmarks/decode.py --mirror FOLDER [--rounds 3] [--without-tutorial]

FOLDER holds cifar-10/train.7z and cifar-10/trainLabels.csv. ``7z`` is Debian's p7zip-full.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
DECODE = """
import sys, yaml
sys.path.insert(0, sys.argv[1])
from swatchbook.data import decode
spec = yaml.safe_load(open(sys.argv[2]))
decode(spec, sys.argv[3], sys.argv[4])
"""


def measured(command: list[str]) -> tuple[float, float, float]:
    """Run a command and return its wall seconds, CPU seconds and peak memory in MB (10⁶ bytes)."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    if status:
        sys.exit(f"failed: {' '.join(command)}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mirror", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--without-tutorial", action="store_true")
    options = parser.parse_args()
    folder = options.mirror.resolve() / "cifar-10"
    archive, labels = folder / "train.7z", folder / "trainLabels.csv"
    spec = ROOT / "config" / "datasets" / "cifar10.yaml"
    library = ROOT / "workflow" / "scripts"
    rounds: dict[str, list[tuple[float, float, float]]] = {}
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory() as output:
            commands = {
                "7z t": ["7z", "t", str(archive)],
                "swatchbook": [
                    *(sys.executable, "-c", DECODE),
                    *map(str, (library, spec, folder, f"{output}/arrays")),
                ],
            }
            if not options.without_tutorial:
                tutorial = Path(__file__).with_name("tutorial_decode.py")
                commands["tutorial"] = [
                    *(sys.executable, str(tutorial), "--archive", str(archive)),
                    *("--labels", str(labels), "--output", f"{output}/tutorial"),
                ]
            for name, command in commands.items():
                rounds.setdefault(name, []).append(measured(command))
    floor = [wall for wall, _, _ in rounds["7z t"]]
    result = {
        name: {
            "wall_seconds": [round(wall, 2) for wall, _, _ in runs],
            "cpu_seconds": [round(cpu, 2) for _, cpu, _ in runs],
            "times_7z_t_median": round(
                statistics.median(
                    wall / base for (wall, _, _), base in zip(runs, floor, strict=True)
                ),
                2,
            ),
            "peak_mb": round(max(peak for _, _, peak in runs)),
        }
        for name, runs in rounds.items()
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
