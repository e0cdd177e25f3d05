"""An S3-compatible server on this machine: moto's, in a process of its own."""

import re
import subprocess
import sys
from pathlib import Path
from threading import Thread
from types import TracebackType

import boto3
import pytest

KEY_ID, SECRET = "a-key-id", "bucket-hush-hush"


class BucketServer:
    """Serve buckets, kept in its memory, on a free port of 127.0.0.1; a context manager.

    Parameters
    ----------
    https
        Whether to speak https, with a certificate that nobody has signed.
    """

    def __init__(self, https: bool = False):
        self._command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
        if https:
            self._command.append("--ssl")

    def __enter__(self) -> "BucketServer":
        self._process = subprocess.Popen(
            self._command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        for line in self._process.stderr:
            # It says where it listens once it does.
            if found := re.search(r"https?://127\.0\.0\.1:\d+", line):
                self.url = found[0]
                # What it says of each request would fill the pipe and hold it up.
                Thread(target=self._process.stderr.read, daemon=True).start()
                return self
        raise RuntimeError("the server has ended before it listened")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.wait()

    def put_in_place(self, environment: pytest.MonkeyPatch) -> None:
        """Point boto3 to this server, and to nothing else that this machine may have set."""
        environment.setenv("AWS_ENDPOINT_URL", self.url)
        environment.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
        environment.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        environment.setenv("AWS_CONFIG_FILE", "/nowhere")
        environment.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
        environment.setenv("AWS_EC2_METADATA_DISABLED", "true")
        for name in ("NO_PROXY", "no_proxy"):
            environment.setenv(name, "127.0.0.1")

    def fill(self, bucket: str, folder: Path, prefix: str) -> None:
        """Make a bucket and put a folder's files into it. After `put_in_place`."""
        client = boto3.Session().client("s3")
        client.create_bucket(Bucket=bucket)
        for path in folder.rglob("*"):
            if path.is_file():
                client.upload_file(path, bucket, f"{prefix}/{path.relative_to(folder)}")
