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
TALKING = {"console", "errors", "progress"}

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

    Modules that only talk (errors, progress) are left out, so that a better message trains nothing.

    Returns
    -------
    str
        The first 16 hexadecimal digits of a SHA-256.
    """
    script = Path(script)
    return files_digest([script, *sorted(_imported(script, script.parent / "swatchbook"))])


def files_digest(paths: Iterable[str | Path]) -> str:
    """Return the first 16 hexadecimal digits of a SHA-256 over names and contents of files."""
    digest = hashlib.sha256()
    for path in map(Path, paths):
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _imported(file: Path, library: Path) -> set[Path]:
    """Return the modules in `library` that `file` imports, directly or not."""
    found: set[Path] = set()
    waiting = [file]
    while waiting:
        for name in _library_imports(waiting.pop(), library.name):
            path = library / f"{name}.py"
            if name not in TALKING and path.is_file() and path not in found:
                found.add(path)
                waiting.append(path)
    return found


def _library_imports(file: Path, library: str) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == library:
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{library}."):
            names.add(str(node.module).split(".")[1])
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith(f"{library}."):
                    names.add(alias.name.split(".")[1])
    return names


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
