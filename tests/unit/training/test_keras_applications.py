"""A model may begin with a Keras application, its own preparation of images and its weights.

The weights are made here, by the application with weights of chance: nothing is downloaded.
"""

import importlib
import inspect
import re
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import application_weights
from application_weights import SHAPE, SMALL
from paths import ROOT
from swatchbook.errors import ConfigurationError, DataError, TrainingError
from swatchbook.files import digest
from swatchbook.startup import configuration
from swatchbook.training import (
    keras_applications,
    keras_source,
    layer_order,
    model_files,
    models,
    transfer,
)
from swatchbook.training.devices import import_tensorflow

SCHEMA = ROOT / "workflow" / "schemas" / "config.schema.json"
HEAD = {"global_pool": {}}
IMAGES = np.random.default_rng(0).random((64, *SHAPE), np.float32)


@pytest.fixture(autouse=True)
def tensorflow() -> None:
    import_tensorflow()


def build(
    *layers: dict[str, Any], seed: int = 0, shape: Any = SHAPE, precision: str = "float32"
) -> Any:
    return models.build(layers or (SMALL, HEAD), shape, 3, seed, precision)


def refusal(*layers: Any) -> str:
    config = {"datasets": ["a"], "models": {"plain": {"layers": list(layers)}}}
    with pytest.raises(ConfigurationError) as caught:
        configuration.checked_config(config, SCHEMA, "config.yaml")
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    """Keras's application itself, and the file of its weights."""
    file = tmp_path_factory.mktemp("trained") / "mobilenet.weights.h5"
    return application_weights.make(file), file


def start(file: Path, **more: Any) -> dict[str, Any]:
    return {"file": str(file), "sha256": digest(file), "frozen": False} | more


def test_the_names_are_kerass_but_for_those_that_need_more_than_a_file() -> None:
    import keras

    known = {
        n for n in dir(keras.applications) if inspect.isfunction(getattr(keras.applications, n))
    }
    families = tuple(keras_applications.LEFT_OUT)
    assert set(keras_applications.names()) == {n for n in known if not n.startswith(families)}
    assert len(known) > len(keras_applications.names()) > 20
    for name in keras_applications.names():
        takes = inspect.signature(getattr(keras.applications, name)).parameters
        own = {key for key in takes if key not in keras_applications.OWN}
        assert set(keras_applications.arguments(name)) == own, name
        assert own <= {"alpha", "depth_multiplier", "minimalistic"}
        assert {"include_top", "weights", "input_shape", "name"} <= set(takes)


def test_what_is_left_out_has_a_layer_for_downloaded_weights_only() -> None:
    for name, (module, _) in keras_source.exported("applications").items():
        source = inspect.getsource(importlib.import_module(module))
        more = re.search(r'if weights == "imagenet":(\s+#.*)*\s+x = layers', source)
        assert bool(more) == name.startswith("EfficientNetB"), name


def test_the_least_size_is_kerass() -> None:
    import keras

    for name in keras_applications.names():
        side = keras_applications.smallest(name) - 1
        with pytest.raises(ValueError, match="at least"):
            getattr(keras.applications, name)(
                include_top=False, weights=None, input_shape=(side, side, 3)
            )


@pytest.mark.parametrize("channels", [3, 1])
def test_images_are_prepared_as_keras_does(channels: int) -> None:
    import keras

    images = IMAGES[..., :channels]
    modules = {}
    for name in keras_applications.names():
        module, _ = keras_source.exported("applications")[name]
        modules[module] = name
    kinds = set()
    for module, name in modules.items():
        entry = keras.Input(images.shape[1:])
        prepared = keras.Model(entry, keras_applications._prepared(entry, name))(images).numpy()
        colours = np.repeat(images, 3, -1) if channels == 1 else images
        wanted = importlib.import_module(module).preprocess_input(255 * colours)
        np.testing.assert_allclose(prepared, wanted, atol=1e-4 * np.abs(wanted).max(), err_msg=name)
        kinds.add(tuple(prepared[0, 0, 0].round(2).tolist()))
    assert len(kinds) == 4  # [-1, 1], mean and deviation, BGR without mean, as they are


def test_a_model_computes_what_the_application_computes(trained: tuple[Any, Path]) -> None:
    application, file = trained
    model = build()
    transfer.start_from(model, start(file))
    body = model.layers[0]
    prepared = importlib.import_module("keras.applications.mobilenet_v2").preprocess_input(
        255 * IMAGES
    )
    wanted = application(prepared).numpy()
    assert wanted.std() > 0.01
    np.testing.assert_allclose(body(IMAGES).numpy(), wanted, atol=1e-4 * np.abs(wanted).max())


def test_bfloat16_agrees_where_it_rounds_and_colours_are_scaled_in_float32(
    trained: tuple[Any, Path],
) -> None:
    found = []
    for precision in ("float32", "mixed_bfloat16"):
        model = build(precision=precision)
        transfer.start_from(model, start(trained[1]))
        found.append(model.layers[0](IMAGES).numpy().astype(np.float32))
    policies = {type(layer).__name__: layer.compute_dtype for layer in models.all_layers(model)}
    assert (policies["Rescaling"], policies["Conv2D"]) == ("float32", "bfloat16")
    exact, rounded = (each.reshape(len(IMAGES), -1) for each in found)
    assert np.corrcoef(exact.ravel(), rounded.ravel())[0, 1] > 0.97  # of a network of chance
    assert all(variable.dtype == "float32" for variable in model.trainable_variables)


def test_weights_and_dropout_are_of_the_seed_alone() -> None:
    one, again = (build({"EfficientNetV2B0": {}}, HEAD, seed=4) for _ in range(2))
    for found, wanted in zip(one.variables, again.variables, strict=True):
        np.testing.assert_array_equal(found.numpy(), wanted.numpy())
    drops = [layer for layer in models.all_layers(one) if hasattr(layer, "seed_generator")]
    assert len({tuple(layer.seed_generator.state.numpy()) for layer in drops}) == len(drops) == 15
    kernels = [w.numpy() for w in one.weights if w.name == "kernel" and w.shape == (1, 1, 672, 28)]
    assert not np.array_equal(*kernels[:2])


def test_what_an_application_computes_without_layers_is_there_too() -> None:
    model = build({"MobileNetV3Small": {"alpha": 0.75, "minimalistic": False}}, HEAD)
    assert model.layers[0].output.shape[1:3] == (1, 1)
    assert any(type(step).__name__ == "Add" for step in keras_applications.within(model).operations)


def test_what_normalises_colours_is_of_numbers_that_every_export_has() -> None:
    """EfficientNetV2's own layer, with the numbers that Keras gives it."""
    import keras

    model = build({"EfficientNetV2B0": {}}, HEAD)
    ours = keras_applications.within(model)
    theirs = keras.applications.EfficientNetV2B0(include_top=False, weights=None, input_shape=SHAPE)
    outputs = []
    for application in (ours, theirs):
        first = next(x for x in application.layers if isinstance(x, keras.layers.Conv2D))
        outputs.append(keras.Model(application.input, first.input)(255 * IMAGES).numpy())
    np.testing.assert_allclose(*outputs, atol=1e-5)
    assert outputs[0].min() < -1.5 and outputs[0].max() > 2


def test_a_model_is_saved_as_what_keras_alone_reads(
    trained: tuple[Any, Path], tmp_path: Path
) -> None:
    import keras

    model = build(shape=(32, 32, 1))
    transfer.start_from(model, start(trained[1]))
    for name in "ab":
        model_files.save(model, tmp_path / f"{name}.keras")
    assert (tmp_path / "a.keras").read_bytes() == (tmp_path / "b.keras").read_bytes()
    plain = keras.saving.load_model(tmp_path / "a.keras")
    packages = {type(layer).__module__.split(".")[0] for layer in models.all_layers(plain)}
    assert packages == {"keras"}
    images = IMAGES[..., :1]
    np.testing.assert_allclose(plain(images).numpy(), model(images).numpy(), atol=1e-3)
    again = build(shape=(32, 32, 1), seed=3)
    model_files.load_weights(again, tmp_path / "a.keras")
    np.testing.assert_array_equal(again(images).numpy(), model(images).numpy())


def test_weights_that_keras_offers_are_read(trained: tuple[Any, Path], tmp_path: Path) -> None:
    """They have the form that Keras 2 wrote."""
    from keras.src.legacy.saving import legacy_h5_format

    application, _ = trained
    file = tmp_path / "mobilenet_v2_weights_no_top.h5"
    with h5py.File(file, "w") as to:
        legacy_h5_format.save_weights_to_hdf5_group(to, application)
    model = build()
    taken = transfer.start_from(model, start(file, frozen=True))
    assert len(taken) == sum(bool(layer.weights) for layer in application.layers)
    body = keras_applications.within(model)
    for found, wanted in zip(body.weights, application.weights, strict=True):
        np.testing.assert_array_equal(found.numpy(), wanted.numpy())
    last = {id(variable) for variable in model.layers[-1].weights}
    assert {id(variable) for variable in model.trainable_variables} == last


@pytest.mark.parametrize(
    ("layers", "told"),
    [
        ([{"MobilNetV2": {}}, HEAD], "(did you mean 'MobileNetV2'?)"),
        ([{"MobileNetV2": {"alfa": 1}}, HEAD], "takes no 'alfa' (did you mean 'alpha'?)"),
        ([{"VGG16": {"weights": "imagenet"}}, HEAD], "VGG16 takes no 'weights' (it takes nothing)"),
        ([{"EfficientNetB0": {}}, HEAD], "[0]': EfficientNetB0 needs a layer that Keras adds to"),
        ([{"ConvNeXtTiny": {}}, HEAD], "cannot be made of (take one of the EfficientNetV2)"),
        ([{"conv": {"filters": 3}}, {"VGG16": {}}, HEAD], "[1]': VGG16 takes images as they are"),
        ([{"VGG16": {}}, {"VGG16": {}}, HEAD], "[1]': VGG16 takes images as they are"),
        (
            [{"residual": {"layers": [{"VGG16": {}}]}}, HEAD],
            "layers[0].residual.layers[0]': VGG16 takes images as they are; allowed: as the first",
        ),
        ([{"VGG16": {}}], "ends with images; allowed: vectors (add flatten or global_pool)"),
        ([{"VGG16": {}}, {"dense": {"units": 3}}], "[1]': dense stands before flatten"),
    ],
)
def test_what_cannot_be_built_is_refused_before(layers: list[Any], told: str) -> None:
    assert told in refusal(*layers)


def test_images_that_are_too_small_are_refused_unless_they_are_enlarged() -> None:
    def check(*layers: dict[str, Any]) -> None:
        layer_order.check_size(list(layers), (28, 28), "mnist", "models.a.layers", "config.yaml")

    with pytest.raises(ConfigurationError) as caught:
        check({"MobileNetV2": {}}, HEAD)
    assert str(caught.value) == (
        "config.yaml: key 'models.a.layers[0]': MobileNetV2 needs images of at least 32 × 32 "
        "pixels; those of mnist have 28 × 28 (put Resizing: {height: 32, width: 32} before it)"
    )
    check({"Resizing": {"height": 32, "width": 40}}, {"MobileNetV2": {}}, HEAD)
    check({"conv": {"filters": 2}}, HEAD)
    with pytest.raises(ConfigurationError, match="75 × 75 pixels; those of Resizing have 32 × 80"):
        check({"Resizing": {"height": 32, "width": 80}}, {"InceptionV3": {}}, HEAD)
    with pytest.raises(TrainingError, match=r"MobileNetV2 cannot be built on \(28, 28, 3\): Input"):
        build({"MobileNetV2": {}}, HEAD, shape=(28, 28, 3))


def test_enlarged_images_are_what_it_takes() -> None:
    assert refusal({"Resizing": {"height": 32}}, {"MobileNetV2": {}}, HEAD).endswith(
        "Resizing needs 'width'"
    )
    model = build({"Resizing": {"height": 64, "width": 64}}, SMALL, HEAD, shape=(9, 7, 1))
    assert keras_applications.within(model).input_shape == (None, 64, 64, 3)


def test_other_or_damaged_weights_are_refused_in_one_line(
    trained: tuple[Any, Path], tmp_path: Path
) -> None:
    _, file = trained
    wider = build({"MobileNetV2": {"alpha": 0.5}}, HEAD)
    damaged, none = tmp_path / "damaged.weights.h5", tmp_path / "none.h5"
    damaged.write_bytes(file.read_bytes()[:5000])
    none.write_bytes(b"PK")
    for other in (file, damaged, none):
        with pytest.raises(DataError) as caught:
            transfer.start_from(wider, start(other))
        said = str(caught.value)
        assert said.startswith(f"{other}: its weights cannot be read: ")
        assert said.endswith(
            "(they must be those of MobileNetV2 with these settings, without its top)"
        )
        assert "\n" not in said and len(said) < 500
    with pytest.raises(DataError, match="not the pinned 0000"):
        transfer.start_from(wider, start(file) | {"sha256": "0" * 64})
    with pytest.raises(DataError, match="has the weights of a Keras application, and the model"):
        transfer.start_from(build({"conv": {"filters": 3}}, HEAD), start(file))
