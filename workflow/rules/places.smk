"""Places: where the workflow's own files are, and where its results go.

Requires: nothing.
Provides: WORKFLOW, a folder on this machine with rules/, scripts/, report/ and what else belongs to the
workflow; with_prefix, which puts a module's prefix before a path.

In a checkout WORKFLOW is the folder above this file's. Of a workflow that is named by `github(…)` or
`gitlab(…)`, as snakedeploy does, Snakemake reads one file at a time out of its clone of the
repository. But the library, the page and the tables are folders. So the commit is unpacked beside the
clone, once, with the bytes of a checkout, and everything after this file is read from there.
"""

import sys
import tarfile
import tempfile
from contextlib import suppress
from pathlib import Path

from snakemake.sourcecache import HostingProviderFile, LocalSourceFile


def unpacked(repository, ref: str, cache: Path) -> Path:
    """Return the folder with `workflow/` and `config/` of one commit; make it if there is none."""
    commit = repository.commit(ref).hexsha
    folder = cache / "swatchbook" / commit
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
            packed, made = Path(scratch, "packed.tar"), Path(scratch, "unpacked")
            with packed.open("wb") as file:
                repository.archive(file, commit, path=["workflow", "config"])
            with tarfile.open(packed) as archive:
                # Python 3.11 knows it since 3.11.4.
                archive.extraction_filter = getattr(tarfile, "data_filter", None)
                archive.extractall(made)
            with suppress(OSError):  # another process was first
                made.rename(folder)
    return folder


source = workflow.current_basedir
if isinstance(source, LocalSourceFile):
    WORKFLOW = Path(source.get_path_or_uri(secret_free=True)).parent
elif isinstance(source, HostingProviderFile):
    cache = Path(workflow.sourcecache.cache_path)
    WORKFLOW = unpacked(source.hosted_repo.repo, source.ref, cache) / "workflow"
else:
    sys.exit(
        f"swatchbook: error: {source}: the workflow cannot be read from there "
        "(name it by github(…) or gitlab(…), or take a copy: git clone)"
    )

# A module's `prefix:` goes before every path of a rule, but not before what Snakemake is told to leave
# local nor before a parameter. For those there is this.
with_prefix = workflow.modifier.path_modifier.replace_prefix
