"""What a run could not go well with, told before it begins instead of by Snakemake's traceback."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import swatchbook
from swatchbook.errors import ConfigurationError, DownloadError, StorageError
from swatchbook.files import unwritable_folders


def check_library(scripts: str | Path) -> None:
    """See to it that the library in this process is the one that stands beside the entry points.

    A workflow that uses two versions of this one as modules would get one of them for both.

    Raises
    ------
    ConfigurationError
        If it is another one.
    """
    there, imported = Path(scripts), Path(swatchbook.__file__).parents[1]
    if not os.path.samefile(there, imported):
        raise ConfigurationError(
            f"is used together with {imported.parent}",
            where=there.parent,
            hint="a workflow can use one version of Swatchbook: name the same source everywhere",
        )


def check_bucket(client: Any, address: str) -> None:
    """See to it that results can go into a bucket; Snakemake would fail with thousands of lines.

    Raises
    ------
    DownloadError
        If the bucket cannot be used; it names what to check.
    """
    from swatchbook.sources import buckets  # boto3 is optional

    try:
        buckets.check(client, address)
    except DownloadError as error:
        raise DownloadError(
            error.what,
            where=address,
            hint="check the options --storage-s3-… and SNAKEMAKE_STORAGE_S3_…, which come first, "
            "and the variables AWS_…",
        ) from error


def check_container(container: str | None, where: str) -> None:
    """See to it that there is an image; Snakemake would run the jobs without one, and not say so.

    Raises
    ------
    ConfigurationError
        If there is none.
    """
    if not container:
        raise ConfigurationError(
            "container: null, but --sdm apptainer is given",
            where=where,
            hint="name an image: docker://… or the path of a .sif file",
        )


def check_writable(paths: Iterable[str | Path]) -> None:
    """See to it that files of these paths can be made; Snakemake would end with a traceback.

    Raises
    ------
    StorageError
        For the first folder that cannot be written to.
    """
    for folder in sorted(unwritable_folders(paths)):
        raise StorageError("cannot be written: read-only, or no permission", where=folder)
