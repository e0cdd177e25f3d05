"""Bring a package of npm as the file that it is published as, by the command `npm`.

From the registry that `npm` is set to, through its cache, proxies and credentials.
"""

import logging
import shutil
import subprocess
import tempfile
from pathlib import Path

from swatchbook.errors import DownloadError
from swatchbook.files import replacing
from swatchbook.sources import downloads

logger = logging.getLogger(__name__)

NPM = "npm"


def fetch_package(package: str, version: str, sha256: str, destination: str | Path) -> None:
    """Bring one version of a package; a file that is already there is verified and kept.

    Parameters
    ----------
    package
        Its name, without a scope.
    version
        The exact one.
    sha256
        The digest that the file must have, in hexadecimal.
    destination
        The file to write.

    Raises
    ------
    DownloadError
        If there is no command `npm`, it cannot bring the package, or what is there or what it has
        brought is not the pinned file.
    """
    destination = Path(destination)
    if destination.exists():
        downloads.verify(destination, [sha256], hint="delete it and run again")
        return
    npm = shutil.which(NPM)
    if npm is None:
        raise DownloadError(
            f"comes from npm by the command `{NPM}`, which is not installed",
            where=destination,
            hint="install npm (Debian: apt install npm), or put the file there yourself: where "
            f"there is npm, `npm pack {package}@{version}` makes it",
        )
    with tempfile.TemporaryDirectory() as folder:
        _pack(npm, package, version, folder, destination)
        (packed,) = Path(folder).glob("*.tgz")
        downloads.verify(packed, [sha256], hint="tell whoever keeps the registry that npm asks")
        with replacing(destination) as path:
            shutil.copyfile(packed, path)
    logger.info("%s: %s %s from npm", destination, package, version)


def _pack(npm: str, package: str, version: str, folder: str, destination: Path) -> None:
    """Let npm put the package into a folder."""
    command = [npm, "pack", f"{package}@{version}", "--ignore-scripts", "--loglevel=error"]
    done = subprocess.run(
        command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if done.returncode:
        logger.info("npm said:\n%s", done.stderr)
        raise DownloadError(
            f"npm cannot bring {package}@{version}: {_reason(done.stderr)}",
            where=destination,
            hint="`npm ping` says whether npm reaches its registry; or put the file there yourself",
        )


def _reason(said: str) -> str:
    """Return the line of npm's in which it says what was wrong."""
    lines = [line.removeprefix("npm error").strip() for line in said.splitlines()]
    told = [line for line in lines if line and not line.startswith(("A complete log", "code "))]
    return told[0][:200] if told else "it does not say why"
