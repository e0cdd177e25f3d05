"""The workflow on a real SLURM cluster of four nodes: the same results, whatever befalls its jobs.

What a user sees of each fault is asserted line by line, since it is all that a user has.
"""

import re
import shutil
import signal
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest

from cluster_project import MODEL, TRAINING, ClusterProject, Maker, digests
from project import ROOT, Project, new_project
from sharded_project import RESULTS, divide, let_the_second_die
from slurm import Cluster, wait_until
from swatchbook.files import read_json

FAILED = "SLURM-job '{id}' failed, SLURM status is: '{state}'"


def demo(folder: Path) -> Project:
    """Make a project of the whole demo in `folder`, in which nothing has been run."""
    project = new_project(folder)
    for part in ("config", "resources"):
        shutil.rmtree(project.work / part)
        shutil.copytree(ROOT / "demo" / part, project.work / part)
    return project


def test_the_demo_gives_the_results_of_a_local_run(cluster: Cluster, tmp_path: Path) -> None:
    for place in ("local", "cluster"):
        (tmp_path / place).mkdir()
    local = demo(tmp_path / "local")
    project = ClusterProject(demo(tmp_path / "cluster").folder, cluster)
    running = project.start()
    try:
        local.run()  # meanwhile, since most of a cluster's time is waiting
    finally:
        project.said(running, within=1800)
    assert digests(project) == digests(local)
    assert len(digests(project)) == 2 * (9 + 2 * 3 * 4 + 1)

    rules = [job["comment"] for job in project.jobs()]
    assert len(rules) == 2 + 12 + 3, "a data set's preparation, trainings, evaluations in fours"
    assert not [rule for rule in rules if re.search("download|compare|report", rule)]
    trained_on = {job["node"] for job in project.jobs() if "train_model" in job["comment"]}
    assert len(trained_on) == 4

    assert "Nothing to be done" in project.said(project.start())


# The faults happen at the same time, each in a project of its own: most of their time is waiting.


def over_its_time(project: ClusterProject) -> str:
    running = project.start(MODEL)
    job = project.caught_training()
    # SLURM's limits are whole minutes; a job's last second can be set to any.
    project.cluster.command("scontrol", "update", f"JobId={job['id']}", "EndTime=now+1")
    return project.said(running)


def over_its_memory(project: ClusterProject) -> str:
    return project.said(project.start(MODEL, "--set-resources", "train_model:mem_mb=attempt*600"))


def cancelled(project: ClusterProject) -> str:
    running = project.start(MODEL)
    project.cluster.command("scancel", project.caught_training()["id"])
    return project.said(running)


def left_alone(project: ClusterProject) -> str:
    """Snakemake is killed, and started again as a user would, doing what it says."""
    running = project.start(MODEL)
    job = project.caught_training()
    running.kill()
    running.wait()
    locked = project.refused(MODEL)
    assert "--unlock" in locked
    project.said(project.start("--unlock"))
    in_the_queue = project.refused(MODEL)
    project.cluster.signal_job(job["id"], signal.SIGCONT)
    wait_until(lambda: job["id"] not in [j["id"] for j in project.cluster.jobs()], 120, "its end")
    return locked + in_the_queue + project.said(project.start(MODEL))


FAULTS = (over_its_time, over_its_memory, cancelled, left_alone)


@pytest.fixture(scope="module")
def outcomes(untrained: Maker) -> Iterator[dict[str, tuple[ClusterProject, Future[str]]]]:
    """Every fault's project, and what the user saw."""
    projects = {fault.__name__: untrained(fault.__name__) for fault in FAULTS}
    with ThreadPoolExecutor(len(FAULTS)) as pool:
        yield {
            fault.__name__: (project, pool.submit(fault, project))
            for fault, project in zip(FAULTS, projects.values(), strict=True)
        }


def line(said: str, pattern: str) -> str:
    """Return the one line with this pattern; a line that comes twice is not clear, nor is none."""
    (found,) = [line for line in said.splitlines() if re.search(pattern, line)]
    print(found)
    return found


def assert_same_results(project: ClusterProject, local: Project) -> None:
    """The cell is what a local run made, and no two jobs were at it at once."""
    assert digests(project).items() <= digests(local).items()
    assert MODEL in digests(project)
    jobs = project.jobs()
    for earlier, later in pairwise(jobs):
        assert earlier["end"] <= later["start"]


def assert_went_on(project: ClusterProject) -> None:
    """The second job did not train from the beginning: it was caught after the second epoch."""
    (epoch,) = read_json(project.cell / "run.json")["resumed_after"]
    assert epoch >= 2


def test_a_job_over_its_time_is_tried_again_with_more(outcomes: dict, local: Project) -> None:
    project, outcome = outcomes["over_its_time"]
    said = outcome.result()
    first, second = project.jobs()
    assert (first["state"], second["state"]) == ("TIMEOUT", "COMPLETED")
    assert second["limit"] == "7:00:00", "twice half an hour and three minutes an epoch"
    line(said, FAILED.format(**first))
    line(said, "Trying to restart job")
    assert_went_on(project)
    assert_same_results(project, local)


def test_a_job_over_its_memory_is_tried_again_with_more(outcomes: dict, local: Project) -> None:
    project, outcome = outcomes["over_its_memory"]
    said = outcome.result()
    first, second = project.jobs()
    assert "exceeded memory limit" in project.slurm_log(first)
    assert (first["mem"], second["mem"]) == ("600M", "1200M")
    assert second["state"] == "COMPLETED"
    line(said, FAILED.format(**first))
    line(said, "Trying to restart job")
    assert_same_results(project, local)


def test_a_cancelled_job_is_tried_again(outcomes: dict, local: Project) -> None:
    project, outcome = outcomes["cancelled"]
    said = outcome.result()
    first, second = project.jobs()
    assert (first["state"], second["state"]) == ("CANCELLED", "COMPLETED")
    # What the rule itself asks for grows with each attempt.
    assert (first["mem"], second["mem"]) == ("3000M", "6000M")
    line(said, FAILED.format(**first))
    line(said, "Trying to restart job")
    assert_went_on(project)
    assert_same_results(project, local)


def test_jobs_that_a_killed_run_left_are_not_run_a_second_time(
    outcomes: dict, local: Project
) -> None:
    project, outcome = outcomes["left_alone"]
    said = outcome.result()
    (job,) = project.jobs()
    assert job["state"] == "COMPLETED"
    line(said, "Error: Directory cannot be locked")
    told = line(said, "swatchbook: error: .* still in the queue")
    assert f"scancel {job['id']})" in told
    assert_same_results(project, local)


def test_a_node_that_dies_in_the_middle_of_a_training(
    cluster: Cluster, outcomes: dict, untrained: Maker, local: Project
) -> None:
    for _, outcome in outcomes.values():  # the node is not to take their jobs with it
        outcome.result()
    project = untrained("node")
    running = project.start(MODEL)
    job = project.caught_training()
    cluster.kill_node(job["node"])
    said = project.said(running)
    first, second = project.jobs()
    assert (first["state"], second["state"]) == ("NODE_FAIL", "COMPLETED")
    assert second["node"] != first["node"]
    line(said, f"SLURM-job '{first['id']}' failed due to a node failure")
    line(said, "Trying to restart job")
    assert_went_on(project)
    assert_same_results(project, local)


def test_shards_are_decoded_on_all_nodes_also_when_one_dies_meanwhile(
    cluster: Cluster, outcomes: dict, local: Project, tmp_path: Path
) -> None:
    for _, outcome in outcomes.values():
        outcome.result()
    project = ClusterProject(new_project(tmp_path).folder, cluster)
    project.configure(training=TRAINING)
    divide(project, 4)
    let_the_second_die(project, "it decodes", "SIGSTOP")
    wanted = [MODEL, f"{RESULTS}/checks/duplicates.csv"]
    (tmp_path / "local").mkdir()
    running = project.start("--config", f"local_disk={tmp_path}/local", "--", *wanted)
    wait_until((project.work / "died").exists, 120, "the middle of the second shard")
    dead = next(job for job in project.jobs() if "2-of-4" in job["comment"])
    cluster.kill_node(dead["node"])
    said = project.said(running)
    line(said, f"SLURM-job '{dead['id']}' failed due to a node failure")
    decoded = [job for job in project.jobs() if "decode_shard" in job["comment"]]
    # A shard beside it on the node that died is lost as well; no other is made a second time.
    lost = [job for job in decoded if job["state"] == "NODE_FAIL"]
    made = [job for job in decoded if job["state"] == "COMPLETED"]
    assert dead["id"] in {job["id"] for job in lost}
    assert {job["node"] for job in lost} == {dead["node"]}
    assert len({job["comment"] for job in made}) == len(made) == 4
    assert len(decoded) == len(made) + len(lost)
    assert len({job["node"] for job in decoded}) >= 2
    for file in wanted:
        assert (project.work / file).read_bytes() == (local.work / file).read_bytes(), file
    assert re.search(r"4 shards copied to /\S+/local: \d+ bytes", project.log.read_text())
