"""Who runs Snakemake in a folder, and removing the lock of a run that was killed.

Snakemake's lock is a list of files that does not say whose it is. Here a run is recognised by its
process: it is alive and works in the folder. On other machines' runs nothing can be said.
"""

import os
import subprocess
import sys
from pathlib import Path

import psutil


def runs_in(folder: str | Path) -> dict[int, str]:
    """Return the command lines of the Snakemake processes that work in a folder, by their number.

    Processes that do not let themselves be looked into count as well, if they are Snakemake's.
    """
    folder = Path(folder).resolve()
    found = {}
    for process in psutil.process_iter(["cmdline", "cwd"]):
        arguments, directory = process.info["cmdline"] or [], process.info["cwd"]
        if process.pid == os.getpid() or not _is_snakemake(arguments):
            continue
        if not directory:
            found[process.pid] = "of another user, perhaps in another folder"
        elif Path(directory) == folder:
            found[process.pid] = " ".join(arguments)
    return found


def _is_snakemake(arguments: list[str]) -> bool:
    # `python -m snakemake`, or `python …/bin/snakemake` as the system starts it.
    return any(Path(argument).name == "snakemake" for argument in arguments[:3])


def tell_who_runs(folder: str | Path) -> None:
    """Print who runs Snakemake in a folder with a lock; Snakemake's own message does not say it."""
    if _is_locked(folder) and (runs := runs_in(folder)):
        print(f"swatchbook: {told(folder, runs)}", file=sys.stderr)


def _is_locked(folder: str | Path) -> bool:
    return any(Path(folder, ".snakemake", "locks").glob("*.lock"))


def told(folder: str | Path, runs: dict[int, str]) -> str:
    """Say in one line who runs Snakemake in a folder."""
    who = "; ".join(f"process {number} ({command})" for number, command in runs.items())
    return f"{Path(folder).resolve()} is in use: Snakemake runs there: {who}"


def unlock_if_abandoned(folder: str | Path) -> None:
    """Remove the lock of a run that was killed; nothing happens if there is none.

    Raises
    ------
    SystemExit
        If a run is alive there, or Snakemake cannot remove the lock.
    """
    if not _is_locked(folder):
        return
    if runs := runs_in(folder):
        sys.exit(f"swatchbook: error: {told(folder, runs)} (wait for it, or end it)")
    print(
        f"An earlier run in {folder} was killed: its lock is removed, what it had not finished is "
        "made again.",
        flush=True,
    )
    unlock = [sys.executable, "-m", "snakemake", "--directory", str(folder), "--unlock"]
    done = subprocess.run(unlock, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
