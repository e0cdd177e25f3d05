"""A package's functions, offered before the modules that they stand in are imported.

By hand, since any Snakemake is to be able to read the Snakefile, and of this library's dependencies
it brings only a few: with `--sdm conda` the others are in the jobs' environment alone.
"""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any


def attach(
    package: str, submod_attrs: Mapping[str, Sequence[str]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Return what a package's ``__init__.py`` calls ``__getattr__``, ``__dir__`` and ``__all__``.

    Parameters
    ----------
    package
        The package's ``__name__``.
    submod_attrs
        The names that it offers, by the module that each stands in.
    """
    modules = {name: module for module, names in submod_attrs.items() for name in names}

    def get(name: str) -> Any:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{modules[name]}"), name)

    names = sorted(modules)
    return get, names.copy, names
