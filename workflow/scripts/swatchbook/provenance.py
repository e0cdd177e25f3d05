"""Which code and which versions a result came from."""

import ast
import hashlib
import os
import platform
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from swatchbook.files import digest, write_json

# They carry messages and change no result.
TALKING = {"errors", "job_log", "progress"}

PACKAGES = (
    "snakemake",
    "tensorflow",
    "keras",
    "numpy",
    "pandas",
    "scikit-learn",
    "scipy",
    "statsmodels",
    "opencv-python-headless",
    "py7zr",
    "matplotlib",
)


def code_digest(script: str | Path) -> str:
    """Return a digest of a script and of every module of this library that it imports, all the way.

    A function that is imported from a package counts as the module that it stands in. Modules that
    only talk (errors, progress) are left out, so that a better message trains nothing.

    Returns
    -------
    str
        The first 16 hexadecimal digits of a SHA-256.
    """
    script = Path(script)
    library = script.parent / "swatchbook"
    return files_digest([script, *sorted(_modules_behind(script, library))])


def files_digest(paths: Iterable[str | Path]) -> str:
    """Return the first 16 hexadecimal digits of a SHA-256 over names and contents of files."""
    digest = hashlib.sha256()
    for path in map(Path, paths):
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _modules_behind(file: Path, library: Path) -> set[Path]:
    """Return the modules in `library` that `file` imports, directly or not."""
    talking = {library / f"{name}.py" for name in TALKING}
    found: set[Path] = set()
    waiting = [file]
    while waiting:
        new = _imported(waiting.pop(), library) - talking - found
        found |= new
        waiting += new
    return found


def _imported(file: Path, library: Path) -> set[Path]:
    """Return the modules in `library` that `file` itself names."""
    found: set[Path] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                found |= _named(f"{node.module}.{alias.name}", library)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                found |= _named(alias.name, library)
    return found


def _named(dotted: str, library: Path) -> set[Path]:
    """Return the modules that a dotted name stands for; none outside of the library.

    The name of a module, of something in a module, of something that a package offers as its own,
    or of a package, which stands for all of its modules.
    """
    root, *parts = dotted.split(".")
    if root != library.name:
        return set()
    folder = library
    while parts and (folder / parts[0]).is_dir():
        folder /= parts.pop(0)
    if not parts:
        return set(folder.glob("*.py")) - {folder / "__init__.py"}
    module = folder / f"{parts[0]}.py"
    if not module.is_file():
        module = folder / f"{_offered(folder).get(parts[0])}.py"
    return {module} if module.is_file() else set()


def _offered(package: Path) -> dict[str, str]:
    """Return what a package offers as its own, by `lazy.attach`: names and their modules."""
    init = package / "__init__.py"
    nodes = ast.walk(ast.parse(init.read_text(encoding="utf-8"))) if init.is_file() else ()
    return {
        name: module
        for node in nodes
        if isinstance(node, ast.keyword) and node.arg == "submod_attrs"
        for module, names in ast.literal_eval(node.value).items()
        for name in names
    }


def versions(packages: Iterable[str] = PACKAGES) -> dict[str, str]:
    """Return the version of Python and of each installed package, ``not installed`` for others.

    Parameters
    ----------
    packages
        Names of distributions; by default those that results depend on.
    """
    found = {"python": platform.python_version()}
    for package in packages:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def record(
    output: str | Path, rule: str, inputs: Iterable[str | Path], parameters: Mapping[str, Any]
) -> None:
    """Write what a rule's figures were drawn from.

    Keys: ``rule``, ``inputs`` (each file's SHA-256), ``parameters``.

    Parameters
    ----------
    output
        The file to write, ``results/<dataset>/<folder>/provenance.json``.
    rule
        The rule's name.
    inputs
        The files that it read.
    parameters
        What else it was given.
    """
    # The folder of `results` is the working directory, or Snakemake's copy of a storage. Files are
    # named as seen from there, the same wherever the results are.
    root = Path(output).parents[3]
    write_json(
        output,
        {
            "rule": rule,
            "inputs": {
                os.path.relpath(path, root): digest(path) for path in sorted(set(map(str, inputs)))
            },
            "parameters": dict(parameters),
        },
    )
