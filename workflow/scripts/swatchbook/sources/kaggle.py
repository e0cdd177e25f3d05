"""Files of Kaggle's competitions, brought as Kaggle's own tools do."""

import json
import os
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import quote

from swatchbook.errors import DownloadError
from swatchbook.sources import downloads, local_files
from swatchbook.sources.http_transfer import StatusError

HOMEPAGE = "https://www.kaggle.com"
SETTINGS = f"{HOMEPAGE}/settings"

Credentials = tuple[str, dict[str, str]]  # where they were found, and the HTTP headers with them


def credentials(environment: Mapping[str, str], home: Path) -> Credentials | None:
    """Find Kaggle's credentials where its own tools look for them; ``None`` if there are none.

    Raises
    ------
    DownloadError
        If a file with credentials cannot be read or is not what Kaggle writes.
    """
    token = environment.get("KAGGLE_API_TOKEN", "").strip()
    if token:
        # Kaggle's own client takes a path here, too.
        token = _text(Path(token)).strip() if os.path.isfile(token) else token
        return "KAGGLE_API_TOKEN", {"Authorization": f"Bearer {token}"}
    token_file = home / ".kaggle" / "access_token"
    if token_file.is_file() and (token := _text(token_file).strip()):
        return "~/.kaggle/access_token", {"Authorization": f"Bearer {token}"}
    username, key = environment.get("KAGGLE_USERNAME"), environment.get("KAGGLE_KEY")
    if username and key:
        return "KAGGLE_USERNAME and KAGGLE_KEY", _basic(username, key)
    folders = [home / ".kaggle", home / ".config" / "kaggle"]
    if environment.get("KAGGLE_CONFIG_DIR"):
        folders.insert(0, Path(environment["KAGGLE_CONFIG_DIR"]))
    for path in (folder / "kaggle.json" for folder in folders):
        if path.is_file():
            try:
                content = json.loads(_text(path))
                return str(path), _basic(content["username"], content["key"])
            except (ValueError, KeyError, TypeError):
                raise DownloadError(
                    f'{path} is not of the form {{"username": …, "key": …}}',
                    hint=f"create a new token at {SETTINGS}",
                ) from None
    return None


def fetch(
    competition: str,
    file: str,
    found: Credentials,
    destination: Path,
    *,
    endpoint: str | None = None,
    wait: Callable[[float], object] = time.sleep,
) -> None:
    """Download a competition's file, and unwrap it if it comes zipped.

    Parameters
    ----------
    found
        What `credentials` returned.
    endpoint
        Another address for Kaggle's, as in its KAGGLE_API_ENDPOINT.
    wait
        What is called with the seconds to pass before the server is asked again.

    Raises
    ------
    DownloadError
        If it cannot be had, or is a zip archive without just this file in it.
    StorageError
        If it cannot be stored.
    """
    place, headers = found
    path = f"api/v1/competitions/data/download/{competition}/{quote(file)}"
    url = f"{(endpoint or HOMEPAGE).rstrip('/')}/{path}"
    try:
        downloads.fetch(url, destination, headers=headers, wait=wait)
    except StatusError as error:
        if error.status not in (401, 403):
            raise
        raise DownloadError(
            f"Kaggle answered {error.status}: the token from {place} is wrong, "
            "or the competition's rules are not accepted",
            where=error.where,
            hint=f"accept them at {rules(competition)}",
        ) from None
    if not file.endswith(".zip") and local_files.is_zip(destination):
        local_files.unzip_in_place(destination, file)


def advice(competition: str) -> str:
    """Say how a user gets at a competition's files."""
    return (
        f"from Kaggle: create a token at {SETTINGS} (API, create token), save it as "
        "~/.kaggle/access_token or set KAGGLE_API_TOKEN, and accept the rules at "
        f"{rules(competition)}"
    )


def rules(competition: str) -> str:
    """Return the address at which a user accepts a competition's rules."""
    return f"{HOMEPAGE}/competitions/{competition}/rules"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not a text"
        raise DownloadError(f"{path} cannot be read: {reason}") from None


def _basic(username: str, key: str) -> dict[str, str]:
    return {"Authorization": f"Basic {b64encode(f'{username}:{key}'.encode()).decode()}"}
