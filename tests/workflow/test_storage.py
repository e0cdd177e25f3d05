"""The mirror in a bucket, the results in another: S3 as moto's server has it, on this machine."""

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from bucket_server import SECRET, BucketServer
from project import MODELS, Project, new_project
from sharded_project import ARRAYS, RESULTS, divide

PREFIX = "some/prefix/"
STORAGE = (
    "--default-storage-provider",
    "s3",
    "--default-storage-prefix",
    f"s3://results/{PREFIX.rstrip('/')}",
)
# What holds times, or where a file came from.
VARYING = re.compile(
    r"report\.html|/(run|comparison)\.json|/history\.csv|/figures/(cost\.|provenance)"
    r"|/benchmarks/|/tensorboard/|/download/"
)


def in_bucket() -> dict[str, bytes]:
    """Return the content of every object below the prefix, by the rest of its key."""
    objects = boto3.Session().resource("s3").Bucket("results").objects.filter(Prefix=PREFIX)
    return {found.key.removeprefix(PREFIX): found.get()["Body"].read() for found in objects}


def digests(files: dict[str, bytes]) -> dict[str, str]:
    """Return the digest of every result that is the same in each run."""
    return {
        name: hashlib.sha256(content).hexdigest()
        for name, content in files.items()
        if name.startswith("results/") and not VARYING.search(name)
    }


def in_folder(folder: Path) -> dict[str, bytes]:
    """Return the content of every file in a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Project, dict[str, bytes]]]:
    """A project whose files came from a bucket, and what the run has put into another."""
    project = new_project(tmp_path_factory.mktemp("stored"))
    mirror = project.folder / "mirror"
    (project.work / "resources").rename(mirror)
    with pytest.MonkeyPatch.context() as environment, BucketServer() as server:
        server.put_in_place(environment)
        server.fill("files", mirror, "mirror")
        boto3.Session().client("s3").create_bucket(Bucket="results")
        environment.setenv("SWATCHBOOK_MIRROR", "s3://files/mirror")
        said = project.run(*STORAGE)
        (project.folder / "said").write_text(said)
        yield project, in_bucket()


@pytest.fixture
def stored(run: tuple[Project, dict[str, bytes]]) -> Project:
    return run[0]


@pytest.fixture
def objects(run: tuple[Project, dict[str, bytes]]) -> dict[str, bytes]:
    return run[1]


def test_the_results_in_a_bucket_are_those_of_a_local_run(
    objects: dict[str, bytes], finished: Project
) -> None:
    found = digests(objects)
    assert found == digests(in_folder(finished.work))
    assert {"model.keras", "probabilities.npy", "metrics.json"} <= {
        Path(name).name for name in found
    }


def test_the_rest_is_in_the_bucket_too(objects: dict[str, bytes], finished: Project) -> None:
    """Times differ, names do not; TensorBoard's have a time in them."""

    def names(files: dict[str, bytes]) -> set[str]:
        kept = (name for name in files if name.startswith(("results/", "logs/")))
        return {re.sub(r"/tensorboard/.*", "/tensorboard/", name) for name in kept}

    assert names(objects) == names(in_folder(finished.work))
    assert b".snakemake/storage" not in objects["results/report.html"]
    record = json.loads(objects["results/own-images/figures/provenance.json"])
    assert "results/own-images/comparison.json" in record["inputs"]
    receipt = json.loads(objects["results/own-images/download/images.7z.json"])
    assert (receipt["source"], receipt["verified"]) == ("mirror s3://files/mirror", "sha256")


def test_only_the_brought_files_are_in_the_working_directory(stored: Project) -> None:
    folders = {path.name for path in stored.work.iterdir()}
    assert folders == {"config", "resources", ".snakemake"} | (folders & {"checkpoints"})
    assert not in_folder(stored.work / "checkpoints")


def test_a_second_run_does_nothing(stored: Project) -> None:
    assert stored.planned(*STORAGE) == {}


def test_another_folder_finds_that_all_is_done(stored: Project, project: Project) -> None:
    assert project.planned(*STORAGE) == {}


def test_looks_are_read_from_the_bucket(stored: Project, project: Project) -> None:
    """More seeds follow from a file there; `stored` is here for the bucket's server to run."""
    seeds = {"from": 3, "to": 4, "until": "decided"}
    project.configure(models={"plain": MODELS["plain"], "other": MODELS["plain"]}, seeds=seeds)
    until = [*STORAGE[:3], "s3://results/until/decided"]
    project.run("evaluate", *until)
    assert not (project.work / "results").exists()
    objects = boto3.Session().resource("s3").Bucket("results").objects
    keys = {found.key for found in objects.filter(Prefix="until/decided/results/own-images/")}
    last = "until/decided/results/own-images/other/seed-2/metrics.json"
    assert {"until/decided/results/own-images/looks/3.json", last} <= keys
    assert project.planned("evaluate", *until) == {}


def test_shards_in_a_bucket_lead_to_the_same_model(
    stored: Project, project: Project, finished: Project
) -> None:
    """`stored` is here for the bucket's server to run."""
    divide(project, 3)
    model = f"{RESULTS}/plain/seed-0/model.keras"
    project.run(*STORAGE[:3], "s3://results/shards", model)
    assert not (project.work / "results").exists()
    stored_objects = boto3.Session().resource("s3").Bucket("results").objects
    found = {one.key: one for one in stored_objects.filter(Prefix="shards/results/")}
    assert f"shards/{ARRAYS}/shards/3-of-3.npy" in found
    content = found[f"shards/{model}"].get()["Body"].read()
    assert content == (finished.work / model).read_bytes()
    assert project.planned(*STORAGE[:3], "s3://results/shards", model) == {}


def test_a_file_that_was_brought_is_verified_again_where_it_is(stored: Project) -> None:
    stored.run("download", "--forcerun", "download", *STORAGE)
    receipt = json.loads(in_bucket()["results/own-images/download/images.7z.json"])
    assert receipt["source"] == "already in place"


def test_the_secret_is_in_nothing_that_a_run_writes(
    stored: Project, objects: dict[str, bytes]
) -> None:
    written = in_folder(stored.folder) | objects
    assert len(written) > 100
    assert [name for name, content in written.items() if SECRET.encode() in content] == []


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, "http://127.0.0.1:1 cannot be reached"),
        ({"AWS_ACCESS_KEY_ID": ""}, "there are no credentials for S3"),
    ],
)
def test_a_bucket_that_cannot_be_used_is_told_in_one_line(
    stored: Project, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], said: str
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    stopped = stored.snakemake("--dry-run", *STORAGE)
    assert stopped.returncode != 0
    assert "Traceback" not in stopped.stdout
    assert len([line for line in stopped.stdout.splitlines() if "swatchbook: error" in line]) == 1
    assert f"s3://results/some/prefix: {said}" in stopped.stdout
