"""Writing a folder so that under its final name it is whole."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from swatchbook.files import temporary_beside


@contextmanager
def replacing_any(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path for a file or a folder, which takes the place of `path` at the end.

    As `files.replacing`, but for folders too: an older folder goes before the new one comes, so
    that in between there is none.

    Raises
    ------
    StorageError
        In place of any `OSError` on the way.
    """
    with temporary_beside(path) as temporary:
        try:
            yield temporary
            if temporary.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            os.replace(temporary, path)
        finally:
            if temporary.is_dir():
                shutil.rmtree(temporary)
