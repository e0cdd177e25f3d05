"""A training begins with another model's weights, layer by layer, as far as they fit."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from swatchbook.errors import DataError, TrainingError
from swatchbook.files import digest
from swatchbook.training import model_files, models, transfer
from swatchbook.training.devices import import_tensorflow

TRUNK: list[dict[str, Any]] = [
    {"conv": {"filters": 4}},
    {"batch_norm": {}},
    {"residual": {"layers": [{"conv": {"filters": 4}}]}},
    {"dropout": {"rate": 0.5}},
    {"flatten": {}},
    {"dense": {"units": 5}},
]
SHAPE = (6, 6, 3)


@pytest.fixture(autouse=True)
def tensorflow() -> None:
    import_tensorflow()


def build(seed: int, layers: list[dict[str, Any]] = TRUNK, classes: int = 3) -> Any:
    return models.build(layers, SHAPE, classes, seed, "float32")


@pytest.fixture
def trained(tmp_path: Path) -> tuple[Any, Path]:
    """A model with weights of its own everywhere, and its file."""
    model = build(1)
    generator = np.random.default_rng(0)
    for variable in model.weights:
        variable.assign(generator.random(variable.shape))
    model_files.save(model, tmp_path / "model.keras")
    return model, tmp_path / "model.keras"


def start(file: Path, frozen: bool = False) -> dict[str, Any]:
    return {"file": str(file), "sha256": digest(file), "frozen": frozen}


def values(model: Any) -> list[np.ndarray]:
    return [variable.numpy() for variable in model.weights]


def test_all_layers_but_the_last_are_taken_over(trained: tuple[Any, Path]) -> None:
    of, file = trained
    model, fresh = build(2), build(2)
    taken = transfer.start_from(model, start(file))
    assert len(taken) == 4
    *same, kernel, bias = zip(values(model), values(of), values(fresh), strict=True)
    assert all(np.array_equal(found, theirs) for found, theirs, _ in same)
    for found, _, own in (kernel, bias):
        np.testing.assert_array_equal(found, own)
    assert len(model.trainable_variables) == len(of.trainable_variables)


def test_layers_that_do_not_fit_begin_anew(trained: tuple[Any, Path]) -> None:
    of, file = trained
    wider = [*TRUNK[:-1], {"dense": {"units": 7}}]
    model, fresh = build(2, wider, classes=9), build(2, wider, classes=9)
    assert len(transfer.start_from(model, start(file))) == 3
    for found, own in zip(values(model)[-4:], values(fresh)[-4:], strict=True):
        np.testing.assert_array_equal(found, own)
    np.testing.assert_array_equal(values(model)[0], values(of)[0])


def test_dropout_keeps_the_random_numbers_of_its_own_training(trained: tuple[Any, Path]) -> None:
    model, fresh = build(2), build(2)
    transfer.start_from(model, start(trained[1]))
    states = [
        [layer.seed_generator.state.value.numpy() for layer in models.all_layers(each)
         if hasattr(layer, "seed_generator")]
        for each in (model, fresh)
    ]  # fmt: skip
    assert len(states[0]) == 1
    np.testing.assert_array_equal(states[0], states[1])


def test_a_layer_that_never_learns_does_not_begin_to(tmp_path: Path) -> None:
    """The filters of whitening are of the images of its own training, or of those taken over."""
    layers = [{"whiten": {}}, *TRUNK]
    before = build(1, layers)
    models.show(before, np.random.default_rng(0).random((9, *SHAPE), np.float32))
    model_files.save(before, tmp_path / "model.keras")
    model = build(2, layers)
    learning = transfer.start_from(model, start(tmp_path / "model.keras"))
    assert model.layers[0] not in learning and not model.layers[0].trainable
    np.testing.assert_array_equal(
        model.layers[0].get_weights()[0], before.layers[0].get_weights()[0]
    )


def test_frozen_layers_do_not_learn(trained: tuple[Any, Path]) -> None:
    model = build(2)
    transfer.start_from(model, start(trained[1], frozen=True))
    last = {id(variable) for variable in model.layers[-1].weights}
    assert {id(variable) for variable in model.trainable_variables} == last


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize("norm", ["batch_norm", "BatchNormalization"])
def test_statistics_that_are_kept_are_used_while_the_rest_learns(
    tmp_path: Path, norm: str, precision: str
) -> None:
    """As Keras itself does it outside of a training, of the same gradients."""
    import keras
    import tensorflow as tf

    layers: list[dict[str, Any]] = [{"conv": {"filters": 4}}, {norm: {}}, {"flatten": {}}]
    before = models.build([*layers, {norm: {}}], SHAPE, 3, 0, precision)
    generator = np.random.default_rng(0)
    for variable in before.weights:
        variable.assign(generator.uniform(0.5, 1, variable.shape))
    file = tmp_path / "model.keras"
    model_files.save(before, file)
    theirs = keras.saving.load_model(file)
    model = models.build([*layers, {norm: {}}], SHAPE, 3, 1, precision)
    transfer.start_from(model, start(file) | {"keep_statistics": True})
    theirs.layers[-1].set_weights(model.layers[-1].get_weights())
    images = generator.random((5, *SHAPE), np.float32)
    gradients = []
    for of, training in ((model, True), (theirs, False)):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(of(images, training=training) ** 2)
        gradients.append(tape.gradient(loss, of.trainable_variables))
    for found, wanted in zip(*gradients, strict=True):
        scale = np.abs(wanted.numpy()).max()
        most = {"float32": 1e-5, "mixed_bfloat16": 2e-2}[precision]
        np.testing.assert_allclose(found.numpy(), wanted.numpy(), atol=most * scale)
    for found, wanted in zip(values(model)[:-2], values(theirs)[:-2], strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_a_model_of_which_nothing_fits_is_refused(trained: tuple[Any, Path]) -> None:
    other = build(2, [{"conv": {"filters": 9}}, {"flatten": {}}])
    with pytest.raises(TrainingError, match=r"no layer of .*model\.keras fits one of this model"):
        transfer.start_from(other, start(trained[1]))


def test_another_file_than_the_pinned_one_is_refused(trained: tuple[Any, Path]) -> None:
    _, file = trained
    before = values(build(2))
    model = build(2)
    with pytest.raises(DataError, match="not the pinned 0000"):
        transfer.start_from(model, start(file) | {"sha256": "0" * 64})
    with pytest.raises(DataError, match="cannot be read: No such file"):
        transfer.start_from(model, start(file) | {"file": str(file.with_name("none.keras"))})
    file.write_bytes(b"PK")
    with pytest.raises(DataError, match="its weights cannot be read"):
        transfer.start_from(model, start(file))
    for found, own in zip(values(model), before, strict=True):
        np.testing.assert_array_equal(found, own)
