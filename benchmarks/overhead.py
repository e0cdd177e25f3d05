"""What share of a finished run's wall time was not training.

Reads the run's own records: the start and the seconds of the epochs of every training, and the
start and the end of the run in Snakemake's log.

    python benchmarks/overhead.py [--directory .]

Three figures: the shares of the cores' time that no training job had (evaluation, decoding,
waiting) and that no epoch had (also the start of TensorFlow), and the share of the wall time in
which no training job ran at all.
"""

import argparse
import json
import re
from datetime import datetime
from pathlib import Path


def run_interval(directory: Path) -> tuple[float, float, int]:
    """Return start and end (seconds) and the number of cores of the longest of Snakemake's logs."""
    longest = (0.0, 0.0, 1)
    for log in (directory / ".snakemake/log").glob("*.snakemake.log"):
        text = log.read_text(errors="replace")
        elapsed = re.search(r"Elapsed time: (\d+):(\d+):([\d.]+)", text)
        stamp = re.match(r"(\d{4}-\d\d-\d\dT\d{6}\.\d+)", log.name)
        cores = re.search(r"Provided cores: (\d+)", text)
        if elapsed and stamp:
            hours, minutes, seconds = elapsed.groups()
            length = int(hours) * 3600 + int(minutes) * 60 + float(seconds)
            start = datetime.strptime(stamp[1], "%Y-%m-%dT%H%M%S.%f").timestamp()
            if length > longest[1] - longest[0]:
                longest = (start, start + length, int(cores[1]) if cores else 1)
    return longest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--directory", type=Path, default=Path())
    directory = parser.parse_args().directory
    start, end, cores = run_interval(directory)
    runs = [json.loads(path.read_text()) for path in directory.glob("results/*/*/seed-*/run.json")]
    # The log's name has local time, run.json has UTC; the seconds of a run need neither.
    wall = end - start
    in_epochs = sum(run["seconds_in_epochs"] for run in runs)
    in_jobs = sum(run["seconds"] for run in runs)
    started = [datetime.fromisoformat(run["started"]).timestamp() for run in runs]
    jobs = sorted((begin, begin + run["seconds"]) for begin, run in zip(started, runs, strict=True))
    covered, reached = 0.0, 0.0
    for begin, finish in jobs:
        covered += max(0.0, finish - max(begin, reached))
        reached = max(reached, finish)
    result = {
        "wall_seconds": round(wall, 1),
        "cores": cores,
        "trainings": len(runs),
        "seconds_in_epochs": round(in_epochs, 1),
        "share_of_core_time_outside_training_jobs": round(1 - in_jobs / (cores * wall), 3),
        "share_of_core_time_outside_epochs": round(1 - in_epochs / (cores * wall), 3),
        "share_of_wall_time_without_a_training_job": round(1 - covered / wall, 3),
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
