"""A SLURM cluster of several nodes on this machine, from Debian's packages, to be broken.

All of it lives in one folder: its own MUNGE key and socket, its own ports, its own logs. There is
no accounting database. Each node is a slurmd of its own under a name and a port of its own. To have
one by hand:

    python tests/cluster/slurm.py start /tmp/cluster
    source /tmp/cluster/environment
    sinfo
    python tests/cluster/slurm.py stop /tmp/cluster
"""

import getpass
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

PACKAGES = "munge slurmctld slurmd slurm-client"  # Debian's
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel", "sinfo")

# CPUs and memory are what the nodes say, not what the machine has (config_overrides). There are no
# cgroups, so memory is watched by polling. LLN spreads jobs over the nodes instead of filling one.
# The short times are for tests: SLURM's own would have one wait five minutes for a dead node.
CONFIGURATION = """\
ClusterName=swatchbook
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
StateSaveLocation={folder}/state
SlurmctldPidFile={folder}/run/slurmctld.pid
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmdPidFile={folder}/run/%n.pid
SlurmdLogFile={folder}/log/%n.log
SlurmdSpoolDir={folder}/spool/%n
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=1
JobAcctGatherParams=OverMemoryKill
MinJobAge=3600
ReturnToService=2
SlurmdTimeout=15
KillWait=2
PartitionName=main Nodes=ALL Default=YES LLN=YES MaxTime=INFINITE State=UP
"""
NODE = (
    "NodeName={name} NodeHostname=localhost NodeAddr=127.0.0.1 Port={port} CPUs={cpus} "
    "RealMemory={mem_mb} State=UNKNOWN\n"
)


def missing_programs() -> list[str]:
    """Return which of SLURM's programs are missing; `PACKAGES` have them."""
    return [program for program in PROGRAMS if shutil.which(program) is None]


class Cluster:
    """A SLURM cluster in a folder.

    Parameters
    ----------
    folder
        Where everything of it is kept; a short path, since the socket's may have 107 characters.
    nodes
        How many nodes, named ``node1``, ``node2`` and so on.
    cpus, mem_mb
        What each node says it has.
    """

    def __init__(self, folder: Path, nodes: int = 4, cpus: int = 4, mem_mb: int = 8000):
        self.folder = folder.absolute()
        self.nodes = [f"node{number}" for number in range(1, nodes + 1)]
        self.cpus = cpus
        self.mem_mb = mem_mb

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which SLURM's commands speak to this cluster."""
        return {**os.environ, **self._variables}

    @property
    def _variables(self) -> dict[str, str]:
        return {
            "SLURM_CONF": str(self.folder / "slurm.conf"),
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
        }

    def start(self) -> None:
        """Start everything and return when all nodes are idle."""
        for name in ("bin", "munge", "state", "run", "log"):
            (self.folder / name).mkdir(parents=True)
        for node in self.nodes:
            (self.folder / "spool" / node).mkdir(parents=True)
        self._configure()
        self._start_munge()
        self.command("slurmctld", "-i", "-f", str(self.folder / "slurm.conf"))
        for node in self.nodes:
            self.start_node(node)
        wait_until(lambda: self.states() == dict.fromkeys(self.nodes, "idle"), 60, "idle nodes")

    def stop(self) -> None:
        """End all jobs and all daemons, and remove the folder."""
        if (self.folder / "run" / "slurmctld.pid").is_file():
            self.command("scancel", "--user", getpass.getuser())
            wait_until(lambda: not self.jobs(), 60, "an empty queue")
        for pid in self._daemons():
            send(pid, signal.SIGTERM)
        wait_until(lambda: not self._daemons(), 30, "the end of all daemons")
        shutil.rmtree(self.folder)

    def start_node(self, node: str) -> None:
        """Start the daemon of one node."""
        self.command("slurmd", "-N", node, "-f", str(self.folder / "slurm.conf"))

    def kill_node(self, node: str) -> None:
        """Let a node die as if by a power cut: its daemon and all that it runs, at once."""
        send(int((self.folder / "run" / f"{node}.pid").read_text()), signal.SIGKILL)
        running = [
            pid for pid in self._processes() if f"SLURMD_NODENAME={node}" in _environment(pid)
        ]
        # A step's daemon does not have the node's name in its environment, but its children do.
        for pid in {*running, *(parent for pid in running if (parent := _step_daemon_of(pid)))}:
            send(pid, signal.SIGKILL)

    def signal_job(self, job: str, by: signal.Signals) -> None:
        """Send a signal to what a job computes, not to SLURM's own processes around it."""
        for pid in self._processes():
            if f"SLURM_JOB_ID={job}" in _environment(pid) and _name(pid).startswith("python"):
                send(pid, by)

    def states(self) -> dict[str, str]:
        """Return each node's state, as sinfo has it."""
        rows = self.command("sinfo", "--noheader", "--Node", "--format=%N %T").splitlines()
        return dict(row.split() for row in rows)

    def jobs(self, states: str = "PD,R,CG,CF") -> list[dict[str, str]]:
        """Return the jobs in these states (``all``: also those that have ended), oldest first.

        Each with its ``id``, ``state``, ``node``, ``mem`` (what it asked for), ``limit`` (of its
        time), ``start``, ``end``, ``comment`` (the rule and its wildcards) and working ``folder``.
        """
        keys = ("id", "state", "node", "mem", "limit", "start", "end", "comment", "folder")
        form = "--format=%i|%T|%N|%m|%l|%S|%e|%k|%Z"
        said = self.command("squeue", "--noheader", f"--states={states}", "--sort=i", form)
        return [dict(zip(keys, row.split("|"), strict=True)) for row in said.splitlines()]

    def command(self, *words: str) -> str:
        """Run one of SLURM's programs on this cluster and return what it printed."""
        done = subprocess.run(words, env=self.environment, text=True, capture_output=True)
        if done.returncode:
            raise RuntimeError(f"{' '.join(words)}: {done.stderr.strip()}")
        return done.stdout

    def _configure(self) -> None:
        with ExitStack() as stack:  # all ports are held until all are known
            sockets = [stack.enter_context(socket.socket()) for _ in [None, *self.nodes]]
            for one in sockets:
                one.bind(("127.0.0.1", 0))
            port, *ports = [one.getsockname()[1] for one in sockets]
        text = CONFIGURATION.format(
            host=socket.gethostname(), port=port, user=getpass.getuser(), folder=self.folder
        )
        for node, port in zip(self.nodes, ports, strict=True):
            text += NODE.format(name=node, port=port, cpus=self.cpus, mem_mb=self.mem_mb)
        (self.folder / "slurm.conf").write_text(text)
        # The plugin drops SLURM's variables, SLURM_CONF among them, before it calls srun.
        srun = self.folder / "bin" / "srun"
        conf = self.folder / "slurm.conf"
        srun.write_text(f'#!/bin/sh\nSLURM_CONF={conf} exec {shutil.which("srun")} "$@"\n')
        srun.chmod(0o755)
        lines = [f"export {name}='{value}'\n" for name, value in self._variables.items()]
        (self.folder / "environment").write_text("".join(lines))

    def _start_munge(self) -> None:
        munge = self.folder / "munge"
        (munge / "key").write_bytes(os.urandom(1024))
        (munge / "key").chmod(0o400)
        files = {"key-file": "key", "socket": "socket", "pid-file": "pid", "log-file": "log"}
        files["seed-file"] = "seed"
        # --force: it would rather have its files in /etc and /run.
        self.command("munged", "--force", *(f"--{key}={munge / files[key]}" for key in files))

    def _daemons(self) -> list[int]:
        return [pid for pid in self._processes() if _name(pid).startswith(("munge", "slurm"))]

    def _processes(self) -> Iterator[int]:
        """Yield the processes of this cluster: its daemons, and whatever was started for it."""
        for folder in Path("/proc").glob("[0-9]*"):
            pid = int(folder.name)
            ours = f"SLURM_CONF={self.folder}/slurm.conf" in _environment(pid)
            if ours and pid != os.getpid():
                yield pid


def wait_until(condition: Callable[[], object], seconds: float, what: str) -> None:
    """Return as soon as `condition` holds; fail with `what` was waited for after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds} seconds for {what}")
        time.sleep(0.1)


def send(pid: int, by: signal.Signals) -> None:
    """Send a signal to a process, which may have ended already."""
    with suppress(ProcessLookupError):
        os.kill(pid, by)


def _environment(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace").split("\0")
    except OSError:  # ended, or of another user
        return []


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def _step_daemon_of(pid: int) -> int | None:
    """Return the slurmstepd that started a process, if it was one."""
    try:
        # After the name, which is in brackets and may hold anything: the state, then the parent.
        parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None
    return parent if _name(parent).startswith("slurmstepd") else None


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("start", "stop"):
        sys.exit("usage: python tests/cluster/slurm.py start|stop FOLDER")
    if missing := missing_programs():
        sys.exit(f"missing: {', '.join(missing)}: apt-get install {PACKAGES}")
    getattr(Cluster(Path(sys.argv[2])), sys.argv[1])()
