"""S3 buckets: one file brought from one, whole or not at all, and whether one can be used."""

from pathlib import Path
from typing import Any, BinaryIO

from swatchbook import files
from swatchbook.errors import DownloadError
from swatchbook.progress import Progress
from swatchbook.sources.downloads import TIMEOUTS
from swatchbook.sources.http_transfer import check_room
from swatchbook.sources.urls import redacted

SCHEME = "s3://"
CREDENTIALS = (
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE with a file ~/.aws/credentials"
)


def fetch(url: str, destination: Path) -> None:
    """Download an object of a bucket to `destination`, which afterwards is whole or as it was.

    Credentials, region, endpoint (AWS_ENDPOINT_URL) and how often a request is tried again
    (AWS_MAX_ATTEMPTS) are found where boto3 looks for them.

    Parameters
    ----------
    url
        ``s3://<bucket>/<key>``, the key as it is, without percent-encoding.

    Raises
    ------
    DownloadError
        If boto3 is not installed; if the address, the endpoint or the credentials are no good; if
        there is no such bucket or object; if the connection breaks off.
    StorageError
        If the file cannot be stored.
    """
    bucket, _, key = url.removeprefix(SCHEME).partition("/")
    if "@" in bucket:
        raise DownloadError("an s3:// address has no user and no password", hint=CREDENTIALS)
    client = _client()
    from botocore.exceptions import BotoCoreError, ClientError
    from s3transfer.exceptions import RetriesExceededError

    with files.replacing_file(destination) as file:
        # Within: some of botocore's errors are OSErrors, which would count as those of the disk.
        try:
            _receive(client, bucket, key, file, destination)
        except ClientError as error:
            raise _refused(error, client, bucket, key) from None
        except (BotoCoreError, RetriesExceededError) as error:
            raise _failed(error, client.meta.endpoint_url) from None


def check(client: Any, address: str) -> None:
    """See to it that the server of a bucket answers and lets us in.

    Parameters
    ----------
    client
        A client for S3, as boto3 makes it.
    address
        ``s3://<bucket>/<prefix>``. There need not be such a bucket: Snakemake makes the one that
        results go into.

    Raises
    ------
    DownloadError
        If the endpoint or the credentials are no good.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    bucket = address.removeprefix(SCHEME).partition("/")[0]
    try:
        client.head_bucket(Bucket=bucket)
    except ClientError as error:
        if _status(error) != 404:
            raise _refused(error, client, bucket, "") from None
    except BotoCoreError as error:
        raise _failed(error, client.meta.endpoint_url) from None


def _client() -> Any:
    try:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError
    except ImportError:
        raise DownloadError(
            "boto3 is not installed, and S3 buckets need it",
            hint='pip install -c constraints.txt -e ".[s3]"',
        ) from None
    connect, read = TIMEOUTS
    try:
        return boto3.Session().client(
            "s3", config=Config(connect_timeout=connect, read_timeout=read)
        )
    except ValueError as error:
        if str(error).startswith("Invalid endpoint"):
            raise DownloadError(
                "the endpoint is no http(s) address", hint="check AWS_ENDPOINT_URL"
            ) from None
        raise DownloadError(
            "boto3 cannot use its settings", hint="check the variables AWS_… and ~/.aws/config"
        ) from None
    except BotoCoreError as error:
        raise _failed(error, "the endpoint") from None


def _receive(client: Any, bucket: str, key: str, file: BinaryIO, destination: Path) -> None:
    from boto3.s3.transfer import TransferConfig

    size = client.head_object(Bucket=bucket, Key=key)["ContentLength"]
    check_room(destination, size)
    # One thread, so that SIGTERM ends it at once. What breaks off is asked for again by boto3.
    one_thread = TransferConfig(use_threads=False)
    with Progress(f"download {key.rpartition('/')[2]}", size, "B") as progress:
        client.download_fileobj(bucket, key, file, Callback=progress.update, Config=one_thread)
    if file.tell() != size:
        raise DownloadError(f"only {file.tell()} of {size} bytes came", hint="try again")


def _refused(error: Any, client: Any, bucket: str, key: str) -> DownloadError:
    """Say what a server's answer means."""
    status = _status(error)
    if status == 404:
        if _is_missing(client, bucket):
            return DownloadError(
                f"there is no bucket {bucket}",
                hint="check its name, and AWS_ENDPOINT_URL if it is not at Amazon",
            )
        return DownloadError(f"there is no object {key} in the bucket {bucket}")
    if status in (301, 400, 401, 403):
        return DownloadError(
            f"the server answered {status} for the bucket {bucket}: the credentials or the region "
            "are wrong, or they do not permit this",
            hint=f"{CREDENTIALS}; the region is AWS_DEFAULT_REGION",
        )
    return DownloadError(
        f"the server answered {status} for the bucket {bucket}", hint="try again later"
    )


def _is_missing(client: Any, bucket: str) -> bool:
    """Whether there is no such bucket: for want of an object the same status is answered."""
    from botocore.exceptions import ClientError

    try:
        client.head_bucket(Bucket=bucket)
    except ClientError as error:
        return _status(error) == 404
    return False


def _status(error: Any) -> int:
    return error.response["ResponseMetadata"]["HTTPStatusCode"]


def _failed(error: Exception, endpoint: str) -> DownloadError:
    """Say why no answer came, never in the words of botocore: these may hold a whole address."""
    from botocore import exceptions as reasons
    from s3transfer.exceptions import RetriesExceededError

    endpoint = redacted(endpoint)
    match error:
        case reasons.NoCredentialsError() | reasons.PartialCredentialsError():
            return DownloadError("there are no credentials for S3", hint=CREDENTIALS)
        case reasons.ProfileNotFound():
            return DownloadError(
                f"there is no profile {error.kwargs['profile']} with credentials", hint=CREDENTIALS
            )
        case reasons.ParamValidationError():
            return DownloadError("no bucket or object has such a name", hint="s3://<bucket>/<key>")
        case reasons.SSLError():
            return DownloadError(
                f"the certificate of {endpoint} cannot be verified",
                hint="for a server with a certificate of its own, set AWS_CA_BUNDLE",
            )
        case reasons.EndpointConnectionError() | reasons.ConnectTimeoutError():
            return DownloadError(
                f"{endpoint} cannot be reached",
                hint="check the network, and AWS_ENDPOINT_URL if the bucket is not at Amazon",
            )
        case reasons.ConnectionError() | reasons.HTTPClientError() | RetriesExceededError():
            return DownloadError(
                f"the connection to {endpoint} broke off",
                hint="check the network, or try again later",
            )
    return DownloadError(f"boto3 cannot use its settings: {type(error).__name__}", hint=CREDENTIALS)
