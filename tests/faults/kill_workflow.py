"""Kill Snakemake and its jobs at random moments, and compare the results to an untouched run's.

    python tests/faults/kill_workflow.py [--kills 50] [--minutes 60] [--seed 0] [--shards 0]
        [--json FILE]

A small project with one data set and two models is started and killed until it gets to its end,
then again from nothing, until there were enough kills. With --shards its images are decoded in so
many parts. Markdown on standard output. The exit code is 1 if any result differs.
"""

import argparse
import collections
import contextlib
import csv
import hashlib
import io
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / part) for part in ("workflow/scripts", "tests/helpers")]

from project import Project, new_project
from sharded_project import divide

# Half of the kills come at any moment, even before a run has taken its lock: most often soon, but
# often enough late for the longest jobs to come to their end. The others are aimed, so that every
# rule gets its share: they come within the first seconds of a job of a rule that was hit seldom.
SOON, LATE, SHARE_LATE = (0.0, 10.0), (10.0, 20.0), 0.3
SHARE_AIMED, IN_JOB = 0.5, (0.0, 3.0)
# The entry points of the rules that a report needs.
DECODE, SHARDS = ("decode",), ("plan_shards", "decode_shard", "gather_shards")
RULES = (
    "download",
    "explore",
    "check_data",
    "train",
    "evaluate",
    "check_predictions",
    "compare",
    "figures",
    "gallery",
    "report",
)
VICTIMS = ("Snakemake and its jobs", "Snakemake alone", "one job alone")
TIMED = re.compile(
    r"/benchmarks/|/tensorboard/|/figures/cost\.|/provenance\.json$|report\.html$|/\."
)
TIMES = {"started", "seconds", "seconds_in_epochs", "images_per_second", "resumed_after"}
COMMAND = [sys.executable, "-m", "snakemake", "--directory", "work", "--cores", "2"]


def digests(work: Path) -> dict[str, str]:
    """Return a digest of each result, with times and speeds left out.

    Left out as a whole are benchmarks and the figure of costs (nothing but times), TensorBoard's
    events (they hold the time of writing), the page and the records of what figures came from (they
    show times, or digests of files with times; all else comes from the other files) and temporary
    files, which are counted for themselves.
    """
    found = {}
    for path in sorted((work / "results").rglob("*")):
        name = str(path.relative_to(work))
        if path.is_dir() or TIMED.search(name):
            continue
        content = path.read_bytes()
        if path.suffix == ".json":
            content = json.dumps(_untimed(json.loads(content)), sort_keys=True).encode()
        elif path.name == "history.csv":
            rows = csv.DictReader(io.StringIO(content.decode()))
            content = json.dumps([_untimed(row) for row in rows]).encode()
        found[name] = hashlib.sha256(content).hexdigest()
    return found


def _untimed(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _untimed(item) for key, item in value.items() if key not in TIMES}
    return [_untimed(item) for item in value] if isinstance(value, list) else value


def processes(group: int) -> dict[int, str]:
    """Return the command lines of the living processes of a group, by their number."""
    found = {}
    for entry in Path("/proc").iterdir():
        try:
            if not entry.name.isdigit() or os.getpgid(int(entry.name)) != group:
                continue
            if (entry / "stat").read_text().rpartition(")")[2].split()[0] != "Z":
                found[int(entry.name)] = (entry / "cmdline").read_text().replace("\0", " ").strip()
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def jobs_of(snakemake: subprocess.Popen[bytes]) -> dict[int, str]:
    """Return the rules whose jobs are running, by the numbers of their processes."""
    found = {}
    for pid, line in processes(snakemake.pid).items():
        script = re.search(r"\.snakemake/scripts/tmp\w+\.(\w+)\.py", line)
        if script and "python" in line.split()[0]:  # the shells that start them left out
            found[pid] = script[1]
    return found


def kill(
    snakemake: subprocess.Popen[bytes], victim: str, generator: random.Random, aim: str | None
) -> tuple[str, str] | None:
    """Kill a victim; return it and the rules whose jobs were running.

    Snakemake is the victim where there is no job; ``None`` is returned if it has ended.
    """
    jobs = jobs_of(snakemake)
    if snakemake.pid not in processes(snakemake.pid):
        return None
    if not jobs:
        victim = VICTIMS[1]
    rules = sorted(set(jobs.values()))
    if victim == VICTIMS[0]:
        os.killpg(snakemake.pid, signal.SIGKILL)
    elif victim == VICTIMS[1]:
        os.kill(snakemake.pid, signal.SIGKILL)
    else:
        killed = generator.choice(sorted(pid for pid in jobs if jobs[pid] == aim) or sorted(jobs))
        rules = [jobs[killed]]
        os.kill(killed, signal.SIGKILL)
    return victim, ", ".join(rules) or "between jobs"


def wait_for_moment(
    snakemake: subprocess.Popen[bytes],
    generator: random.Random,
    hits: Mapping[str, int],
    rules: Sequence[str],
) -> str | None:
    """Wait until a kill is to come or the run has ended; return the rule that is aimed at."""
    aim = None
    if generator.random() < SHARE_AIMED:
        fewest = min((hits.get(rule, 0) for rule in rules), default=0)
        while aim is None and snakemake.poll() is None:
            running = jobs_of(snakemake).values()
            aim = next((rule for rule in running if hits.get(rule, 0) == fewest), None)
            time.sleep(0.01)
        span = IN_JOB
    else:
        span = LATE if generator.random() < SHARE_LATE else SOON
    with contextlib.suppress(subprocess.TimeoutExpired):
        snakemake.wait(timeout=generator.uniform(*span))
    return aim


def is_locked(project: Project) -> bool:
    return any((project.work / ".snakemake" / "locks").glob("*.lock"))


def attempt(
    project: Project,
    generator: random.Random | None,
    hits: Mapping[str, int],
    rules: Sequence[str],
    log: Path,
) -> tuple[bool, Any]:
    """Start the workflow once; return whether it came to a good end, and what was killed if it was.

    As a user would: unlock if Snakemake asks for it, then the plain command. Nothing is killed
    without a `generator`; `hits` is how often each of the `rules` was.
    """
    if is_locked(project):
        subprocess.run([*COMMAND, "--unlock"], cwd=project.folder, check=True, capture_output=True)
    with log.open("ab") as said:
        snakemake = subprocess.Popen(
            [*COMMAND, "--rerun-incomplete"],
            cwd=project.folder,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
        killed = None
        if generator:
            aim = wait_for_moment(snakemake, generator, hits, rules)
            if snakemake.poll() is None:
                killed = kill(snakemake, generator.choice(VICTIMS), generator, aim)
        snakemake.wait()
    return snakemake.returncode == 0, (killed, snakemake.pid)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--minutes", type=float, default=60, help="no more kills after so many")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--shards", type=int, default=0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    generator = random.Random(options.seed)
    kills: list[tuple[str, str]] = []
    hits: collections.Counter[str] = collections.Counter()
    rounds: list[dict[str, Any]] = []
    rules = (*RULES, *(SHARDS if options.shards else DECODE))
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        (Path(folder) / "project").mkdir()
        project = new_project(Path(folder) / "project")
        project.configure(training={"epochs": 3})
        if options.shards:
            divide(project, options.shards)
        whole, _ = attempt(project, None, hits, rules, log)
        assert whole, log.read_text()
        untouched = digests(project.work)
        deadline = time.monotonic() + 60 * options.minutes
        while len(kills) < options.kills and time.monotonic() < deadline:
            for part in ("results", "logs", "checkpoints", ".snakemake"):
                shutil.rmtree(project.work / part, ignore_errors=True)
            before, groups, done = len(kills), [], False
            while not done:
                enough = len(kills) >= options.kills or time.monotonic() > deadline
                chance = None if enough else generator
                done, (killed, group) = attempt(project, chance, hits, rules, log)
                groups.append(group)
                if killed:
                    kills.append(killed)
                    hits.update(killed[1].split(", "))
                assert done or killed, log.read_text()[-5000:]
                print(
                    f"{len(kills)} {killed} {'ended' if done else ''}", file=sys.stderr, flush=True
                )
            while any(map(processes, groups)):  # jobs whose Snakemake was killed
                time.sleep(0.1)
            now = digests(project.work)
            different = sorted(n for n in {*now, *untouched} if now.get(n) != untouched.get(n))
            left = [str(path) for path in (project.work / "results").rglob(".[0-9]*-*")]
            left += [str(p) for p in (project.work / "checkpoints").rglob("*") if p.is_file()]
            rounds.append({"kills": len(kills) - before, "differences": different, "left": left})
    if options.json:
        options.json.write_text(json.dumps({"kills": kills, "rounds": rounds}, indent=2) + "\n")
    print(markdown(kills, rounds, len(untouched), options.seed, options.shards))
    sys.exit(any(one["differences"] for one in rounds))


def markdown(
    kills: list[tuple[str, str]], rounds: list[dict[str, Any]], files: int, seed: int, shards: int
) -> str:
    counted = collections.Counter(victim for victim, _ in kills)
    during = collections.Counter(rule for _, rules in kills for rule in rules.split(", "))
    different = sorted({name for one in rounds for name in one["differences"]})
    title = "The whole workflow killed at random moments"
    by_shards = f", its images in {shards} shards" if shards else ""
    return "\n".join(
        [
            f"## {title}{by_shards}",
            "",
            f"{len(kills)} times SIGKILL at random moments (seed {seed}) on a small project with "
            f"one data set and two models, in {len(rounds)} rounds from nothing to a good end: "
            f"{', '.join(str(one['kills']) for one in rounds)} kills. After each kill the same "
            "command again, after `--unlock` where the lock was left, with `--rerun-incomplete`.",
            "",
            "| killed | times |",
            "|---|---|",
            *(f"| {victim} | {counted[victim]} |" for victim in VICTIMS),
            "",
            "| job that was running or killed | times |",
            "|---|---|",
            *(f"| {rule} | {count} |" for rule, count in during.most_common()),
            "",
            f"Of {files} result files of an untouched run (times left out), "
            f"{', '.join(different) or 'none'} differed after any round. Killed processes left "
            f"{sum(len(one['left']) for one in rounds)} temporary files behind.",
            "",
        ]
    )


if __name__ == "__main__":
    main()
