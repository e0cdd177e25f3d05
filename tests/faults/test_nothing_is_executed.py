"""Files are read as data: no pickle and no layer of a stranger ever runs."""

import ast
import json
import zipfile
from pathlib import Path

import pytest

import forked
from paths import ROOT
from swatchbook.training.devices import import_tensorflow

SCRIPTS = ROOT / "workflow" / "scripts"
LIBRARY = sorted((SCRIPTS / "swatchbook").rglob("*.py"))
# What would run what is in a file.
EXECUTING = {"load_model", "model_from_json", "from_config", "unsafe_load", "full_load", "eval"}
MODULES = {"pickle", "cloudpickle", "joblib", "dill", "shelve", "marshal"}
LOADER = """
import sys
from swatchbook.training import evaluation, model_files, models
from swatchbook.errors import DataError

for path in sys.argv[1:]:
    model = models.build([{"flatten": {}}], (2, 2, 1), 3, 7, "float32")
    before = [weight.numpy().tolist() for weight in model.weights]
    try:
        model_files.load_weights(model, path)
    except DataError as error:
        print("DataError", error)
    else:
        print("loaded", [weight.numpy().tolist() for weight in model.weights] != before)
"""


OWN = {
    # An export reads back what it has just written itself, from a model that was built from its
    # description: nobody else's file.
    ("trained", "keras.models.load_model(file, compile=False)"),
    # Copies of layers that Keras has just made, with settings of this training.
    ("keras_applications", "type(layer).from_config(config)"),
    ("keras_applications", "type(layer).from_config(layer.get_config())"),
}


def calls(path: Path) -> list[ast.Call]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def called(call: ast.Call) -> str:
    return ast.unparse(call.func)


@pytest.mark.parametrize("module", LIBRARY, ids=lambda path: path.stem)
def test_the_library_reads_arrays_without_pickles_and_calls_nothing_that_executes(
    module: Path,
) -> None:
    for call in calls(module):
        if (module.stem, ast.unparse(call)) in OWN:
            continue
        name = called(call)
        assert name.rpartition(".")[2] not in EXECUTING, ast.unparse(call)
        if name in ("np.load", "numpy.load"):
            options = {option.arg: ast.unparse(option.value) for option in call.keywords}
            assert options.get("allow_pickle") == "False", ast.unparse(call)
    imported = {
        alias.name.partition(".")[0]
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in [*node.names, ast.alias(getattr(node, "module", None) or "")]
    }
    assert not imported & MODULES


def test_that_test_sees_every_reading_of_an_array() -> None:
    readers = [called(call) for module in LIBRARY for call in calls(module)]
    assert readers.count("np.load") >= 4


def rewritten(saved: Path, model: Path, **changes: bytes | None) -> Path:
    """Copy a model with some of its members replaced, or left out."""
    with zipfile.ZipFile(saved) as source, zipfile.ZipFile(model, "w") as target:
        members = {name: source.read(name) for name in source.namelist()} | changes
        for name, content in members.items():
            if content is not None:
                target.writestr(name, content)
    return model


def config_with_code(mark: Path) -> bytes:
    """Return a model's configuration that makes the file `mark` when the model is built from it."""
    import keras

    # Keras writes a lambda's bytecode into the configuration, for whoever loads it to run.
    code = eval(f"lambda x: (__import__('pathlib').Path({str(mark)!r}).touch(), x)[1]")
    model = keras.Sequential([keras.Input((2, 2, 1)), keras.layers.Lambda(code)])
    assert mark.exists()
    mark.unlink()
    config = json.dumps(keras.saving.serialize_keras_object(model))
    assert "__lambda__" in config
    return config.encode()


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What is said of each model when its weights are loaded, in a process of its own."""
    from swatchbook.training import model_files, models

    import_tensorflow()
    folder = tmp_path_factory.mktemp("models")
    good, larger, cut = (folder / f"{name}.keras" for name in ("good", "larger", "cut"))
    model_files.save(models.build([{"flatten": {}}], (2, 2, 1), 3, 8, "float32"), good)
    model_files.save(models.build([{"flatten": {}}], (3, 3, 1), 3, 8, "float32"), larger)
    cut.write_bytes(good.read_bytes()[:-40])
    code = {"config.json": config_with_code(folder / "owned")}
    rewritten(good, folder / "code.keras", **code)
    weights = {"none": None, "empty": b"", "damaged": b"\x89HDF\r\n\x1a\n" + bytes(50)}
    for name, content in weights.items():
        rewritten(good, folder / f"{name}.keras", **{"model.weights.h5": content})
    paths = sorted(folder.iterdir())
    child = forked.run(forked.TENSORFLOW, LOADER, *map(str, paths), seconds=120)
    assert child.returncode == 0, child.stderr
    lines = child.stdout.splitlines()
    assert sorted(folder.iterdir()) == paths  # nothing has made the file `owned`
    return dict(zip((path.stem for path in paths), lines, strict=True))


def test_a_models_own_layers_are_not_built_and_its_weights_are_read(said: dict[str, str]) -> None:
    assert said["good"] == said["code"] == "loaded True"


@pytest.mark.parametrize("name", ["none", "empty", "damaged", "larger", "cut"])
def test_weights_that_cannot_be_read_are_told_in_one_line(said: dict[str, str], name: str) -> None:
    assert said[name].startswith("DataError ")
    assert f"/{name}.keras: the weights cannot be read: " in said[name]
    assert said[name].endswith("(delete it and run again to train it anew)")
