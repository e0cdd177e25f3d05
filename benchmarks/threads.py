"""How many threads a training should have, by the time of several trainings side by side.

Decodes Fashion-MNIST once, then trains both models with two seeds for one epoch, as Snakemake runs
them, with each number of threads on two and on four cores' worth of jobs.

    python benchmarks/threads.py --mirror FOLDER [--rounds 2]
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
THREADS = (1, 2)


def snakemake(folder: str, *arguments: str) -> None:
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
    subprocess.run(
        [*command, "--directory", folder, *arguments],
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mirror", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--cores", type=int, nargs="+", default=[2, 4])
    options = parser.parse_args()
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    config |= {
        "datasets": ["fashion-mnist"],
        "seeds": [0, 1],
        "mirror": str(options.mirror.resolve()),
    }
    seconds: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "config").mkdir()
        (Path(folder) / "config/datasets").symlink_to(ROOT / "config/datasets")
        for round_ in range(-1, options.rounds):
            for cores in options.cores:
                for threads in THREADS:
                    config["training"] |= {"epochs": 1, "threads": threads}
                    text = yaml.safe_dump(config, sort_keys=False)
                    (Path(folder) / "config/config.yaml").write_text(text)
                    if round_ < 0:  # the warm-up: arrays, caches
                        snakemake(folder, "--cores", "2", "decode")
                        continue
                    start = time.perf_counter()
                    snakemake(folder, "--cores", str(cores), "train", "--forcerun", "train")
                    name = f"--cores {cores}, {threads} threads a training"
                    seconds.setdefault(name, []).append(round(time.perf_counter() - start, 1))
    print(json.dumps(seconds, indent=2))


if __name__ == "__main__":
    main()
