"""A package's functions, offered before their modules are imported."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def offering(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A package that offers a function of one of its modules."""
    package = tmp_path / "offering"
    package.mkdir()
    (package / "__init__.py").write_text(
        "from swatchbook import lazy\n"
        "__getattr__, __dir__, __all__ = lazy.attach(__name__, submod_attrs={'work': ['done']})\n"
    )
    (package / "work.py").write_text("def done():\n    return 'well'\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("offering")
    for name in ("offering", "offering.work"):
        sys.modules.pop(name, None)


def test_a_module_is_imported_when_its_function_is_asked_for(offering: ModuleType) -> None:
    assert dir(offering) == offering.__all__ == ["done"]
    assert "offering.work" not in sys.modules
    assert offering.done() == "well"
    assert "offering.work" in sys.modules


def test_what_is_not_offered_is_not_there(offering: ModuleType) -> None:
    with pytest.raises(AttributeError, match="module 'offering' has no attribute 'undone'"):
        _ = offering.undone
    with pytest.raises(ImportError, match="undone"):
        exec("from offering import undone")
