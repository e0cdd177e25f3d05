"""What a cluster's queue still holds for a folder, so that no two jobs write the same file."""

import shutil
import subprocess
from pathlib import Path

from swatchbook.errors import QueueError, first_ten

SECONDS_TO_ANSWER = 30
# What a workflow's jobs have as their comment; other jobs in the same folder, a shell for instance,
# are the user's own affair.
COMMENT = "rule_"


def check_no_job_left(folder: Path) -> None:
    """See to it that no SLURM job of an earlier run is still in the queue for a working directory.

    A workflow that was killed leaves its jobs behind, and they go on writing. Where there is no
    SLURM, or none that answers, there is nothing to be found.

    Raises
    ------
    QueueError
        If there are such jobs; it names them and what to do.
    """
    if shutil.which("squeue") is None:
        return
    command = ["squeue", "--me", "--noheader", "--format=%i|%k|%Z"]
    try:
        answer = subprocess.run(
            command, text=True, capture_output=True, check=True, timeout=SECONDS_TO_ANSWER
        ).stdout
    except (subprocess.SubprocessError, OSError):
        return
    rows = [row.split("|", 2) for row in answer.splitlines()]
    jobs = [
        job
        for job, comment, directory in rows
        if directory == str(folder) and comment.startswith(COMMENT)
    ]
    if jobs:
        raise QueueError(
            f"jobs of an earlier run are still in the queue and write here: {first_ten(jobs)}",
            where=folder,
            hint=f"start again when they have ended, or end them: scancel {' '.join(jobs)}",
        )
