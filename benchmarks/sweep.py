"""How long a sweep takes to be planned, and how busy it keeps a cluster.

    python benchmarks/sweep.py                        plan 2 data sets, 6 models, 10 seeds
    python benchmarks/sweep.py --simulate --models 2 --seeds 3 --cpus 1

The simulation runs the sweep on a SLURM cluster of four nodes that is started for it, through the
profile, with every job's work replaced by a sleep of its measured length, so that all that is left
is what Snakemake, its plugin and SLURM do and leave undone.
"""

import argparse
import re
import resource
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "helpers"))

from project import new_project
from slurm import Cluster

NODES = 4

# Measured with the default configuration; see docs/clusters.md.
SECONDS = {"decode": 18, "explore": 7, "check_data": 62, "train": 200, "evaluate": 12}
STUB = """\
import time
from pathlib import Path

time.sleep({seconds})
for file in map(Path, snakemake.output):
    if file.suffix:
        file.touch()
    else:
        file.mkdir(exist_ok=True)
"""


def sweep(folder: Path, models: int, seeds: int) -> list[str]:
    """Make a project with the sweep in `folder` and return the command that runs it."""
    new_project(folder)
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    layers = config["models"]["baseline"]
    config["models"] = {f"model-{number}": layers for number in range(models)}
    config["comparison"]["reference"] = "model-0"
    config["seeds"] = list(range(seeds))
    (folder / "work/config/config.yaml").write_text(yaml.safe_dump(config))
    for file in (ROOT / "config/datasets").glob("*.yaml"):
        (folder / "work/config/datasets" / file.name).write_text(file.read_text())
    return [sys.executable, "-m", "snakemake", "--directory", "work"]


def plan(models: int, seeds: int) -> None:
    """Print how long Snakemake plans."""
    with tempfile.TemporaryDirectory() as name:
        command = sweep(Path(name), models, seeds)
        for way in (["--cores", "2"], ["--profile", "workflow/profiles/slurm"]):
            started, used = time.perf_counter(), cpu_seconds()
            said = run([*command, *way, "--dry-run", "--quiet", "rules"], Path(name))
            (total,) = set(re.findall(r"^total +(\d+)$", said, flags=re.MULTILINE))
            wall, cpu = time.perf_counter() - started, cpu_seconds() - used
            print(f"{' '.join(way)}: {total} jobs planned in {wall:.1f} s, {cpu:.1f} s of CPU")


def simulate(models: int, seeds: int, cpus: int) -> None:
    """Print how much of the cluster's time was a job's work."""
    with tempfile.TemporaryDirectory(prefix="slurm-") as name:
        folder, cluster = Path(name), Cluster(Path(name) / "c", NODES, cpus)
        (folder / "p").mkdir()
        command = sweep(folder / "p", models, seeds)
        for script in (folder / "p/workflow/scripts").glob("*.py"):
            script.write_text(STUB.format(seconds=SECONDS.get(script.stem, 1)))
        cluster.start()
        try:
            started = time.perf_counter()
            profile = ["--profile", "workflow/profiles/slurm", "--slurm-status-command", "squeue"]
            profile += ["--set-threads", f"check_data={cpus}"]  # a node has no more
            run([*command, *profile], folder / "p", cluster.environment)
            wall = time.perf_counter() - started
            jobs = cluster.jobs("all")
        finally:
            cluster.stop()
    trainings = [job for job in jobs if "train_model" in job["comment"]]
    first = min(datetime.fromisoformat(job["start"]) for job in trainings)
    last = max(datetime.fromisoformat(job["end"]) for job in trainings)
    ideal = len(trainings) * SECONDS["train"] / (NODES * cpus)
    training = (last - first).total_seconds()
    print(f"{len(jobs)} jobs in the queue, {len(trainings)} trainings on {NODES * cpus} CPUs")
    print(f"trainings: ideal {ideal:.0f} s, taken {training:.0f} s: {ideal / training:.0%}")
    print(f"all: {wall:.0f} s, of which the trainings' ideal is {ideal / wall:.0%}")


def cpu_seconds() -> float:
    """Return the CPU time of all programs that were run so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(command: list[str], folder: Path, environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        command, cwd=folder, env=environment, text=True, capture_output=True, check=False
    )
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    return done.stdout + done.stderr


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=int, default=6)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--simulate", action="store_true")
    parser.add_argument("--cpus", type=int, default=2, help="of each simulated node")
    arguments = parser.parse_args()
    if arguments.simulate:
        simulate(arguments.models, arguments.seeds, arguments.cpus)
    else:
        plan(arguments.models, arguments.seeds)


if __name__ == "__main__":
    main()
