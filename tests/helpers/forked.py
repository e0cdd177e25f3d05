"""Python programs that begin with their imports done, each in a process of its own.

TensorFlow is set up once a process, and its import takes longer than a small training; that of
Snakemake takes longer than a plan. So a process that has done these imports, and nothing else,
forks one for each program.
"""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from paths import SCRIPTS

TENSORFLOW = """
from swatchbook.training import devices, evaluation, train  # pandas and the rest with them

devices.import_tensorflow()
"""
SNAKEMAKE = "import snakemake.cli"

SERVER = """
import json, os, signal, sys

exec(sys.argv[1])
for given in map(json.loads, sys.stdin):
    if child := os.fork():
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
        continue
    signal.alarm(given["seconds"])
    os.chdir(given["folder"])
    os.environ.clear()
    os.environ.update(given["environment"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, path in enumerate(given["streams"], 1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
    sys.argv = ["-c", *given["arguments"]]
    exec(given["code"], {"__name__": "__main__"})
    sys.exit()
"""


def run(
    imports: str,
    code: str,
    *arguments: str,
    folder: Path = SCRIPTS,
    together: bool = False,
    seconds: int = 300,
) -> subprocess.CompletedProcess[str]:
    """Do what ``python -c code arguments`` would in a folder, with the imports done already.

    Parameters
    ----------
    together
        Whether both streams go to ``stdout``.
    seconds
        After so many it is killed, by SIGALRM.
    """
    sys.audit("subprocess.Popen", sys.executable, [code, *arguments], str(folder), None)
    with TemporaryDirectory() as place:
        streams = Path(place, "stdout"), Path(place, "stdout" if together else "stderr")
        given = {
            "code": code,
            "arguments": arguments,
            "folder": str(folder),
            "environment": dict(os.environ),
            "streams": [str(path) for path in streams],
            "seconds": seconds,
        }
        server = _server(imports)
        print(json.dumps(given), file=server.stdin, flush=True)
        status = server.stdout.readline()
        assert status, f"the process that forks has ended; its imports are: {imports}"
        said, errors = (path.read_text() for path in streams)
        return subprocess.CompletedProcess(code, int(status), said, None if together else errors)


@cache
def _server(imports: str) -> subprocess.Popen[str]:
    """Start a process that forks others until its standard input ends, as it does with ours."""
    return subprocess.Popen(
        [sys.executable, "-c", SERVER, imports],
        cwd=SCRIPTS,
        # A process of more than one thread cannot be forked safely, and OpenBLAS begins some.
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
