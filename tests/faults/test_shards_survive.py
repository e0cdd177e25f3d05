"""What befalls one shard of a data set costs that shard alone, and is never trained on."""

import os
import re
from collections.abc import Callable

import pytest

from project import Project
from sharded_project import ARRAYS, INDEX, MOMENTS, RESULTS, divide, let_the_second_die

Record = Callable[[str, object], None]

MODEL = f"{RESULTS}/plain/seed-0/model.keras"
SHARDS = [f"{ARRAYS}/shards/{number}-of-3.npy" for number in (1, 2, 3)]


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_shard_whose_job_is_killed_while(project: Project, moment: str) -> None:
    divide(project, 3)
    let_the_second_die(project, moment)
    killed = project.snakemake("--keep-going", INDEX)
    assert killed.returncode != 0
    assert (project.work / "died").exists()
    there = [(project.work / shard).exists() for shard in SHARDS]
    assert there == [True, False, True]
    others = [(project.work / shard).stat().st_mtime_ns for shard in SHARDS[::2]]
    assert project.planned(INDEX) == {"decode_shard": 1, "gather_shards": 1}
    project.run(INDEX)
    assert [(project.work / shard).stat().st_mtime_ns for shard in SHARDS[::2]] == others


def test_one_byte_of_one_shard_that_is_another_is_named_before_anything_trains(
    project: Project, record_property: Record
) -> None:
    divide(project, 3)
    project.run(INDEX)
    shard = project.work / SHARDS[1]
    times = shard.stat()
    content = bytearray(shard.read_bytes())
    content[-1] ^= 1
    shard.write_bytes(content)
    os.utime(shard, ns=(times.st_atime_ns, times.st_mtime_ns))  # as a disk would do it
    refused = project.snakemake(MODEL)
    assert refused.returncode != 0
    (line,) = [line for line in refused.stdout.splitlines() if "swatchbook: error" in line]
    record_property("told", re.sub(r"^.*error: \S*/results", "swatchbook: error: results", line))
    assert "2-of-3.npy: is damaged" in line and "this shard alone is decoded anew" in line
    assert not (project.work / MODEL).exists()
    assert not list(project.work.glob("checkpoints/own-images/plain/seed-0/*"))
    shard.unlink()
    assert project.planned(MODEL) == {"decode_shard": 1, "gather_shards": 1, "train_model": 1}
