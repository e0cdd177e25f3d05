"""A model is what the configuration says, and its seed decides all of its weights."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paths import ROOT
from swatchbook.startup import config_files, configuration
from swatchbook.training import model_files, models, seeds
from swatchbook.training.devices import import_tensorflow

SHAPES = {"Fashion-MNIST": (28, 28, 1), "CIFAR-10": (32, 32, 3)}


@pytest.fixture(scope="module")
def layers() -> dict[str, list[dict]]:
    """The layers of each model of the default configuration."""
    import_tensorflow()
    file = ROOT / "config" / "config.yaml"
    schema = ROOT / "workflow" / "schemas" / "config.schema.json"
    config = configuration.checked_config(config_files.read(file), schema, file)
    return {name: model["layers"] for name, model in config["models"].items()}


def build(
    layers: list[dict], seed: int = 0, precision: str = "float32", data: str = "Fashion-MNIST"
) -> Any:
    return models.build(layers, SHAPES[data], 10, seed, precision)


def images(count: int = 5, data: str = "Fashion-MNIST") -> np.ndarray:
    return np.random.default_rng(0).random((count, *SHAPES[data]), np.float32)


def have_equal_weights(one: Any, other: Any) -> bool:
    pairs = zip(one.get_weights(), other.get_weights(), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


@pytest.mark.parametrize("name", ["baseline", "dropout"])
@pytest.mark.parametrize(
    ("data", "parameters"), [("Fashion-MNIST", 356_234), ("CIFAR-10", 356_810)]
)
def test_the_default_models_have_the_tutorials_parameters(
    layers: dict[str, list[dict]], name: str, data: str, parameters: int
) -> None:
    assert build(layers[name], data=data).count_params() == parameters


def test_the_same_seed_gives_equal_weights(layers: dict[str, list[dict]]) -> None:
    assert have_equal_weights(build(layers["dropout"], 7), build(layers["dropout"], 7))


def test_another_seed_gives_other_weights_in_every_layer(layers: dict[str, list[dict]]) -> None:
    one, other = (build(layers["baseline"], seed).get_weights() for seed in (0, 1))
    assert not any(np.array_equal(a, b) for a, b in zip(one, other, strict=True) if a.ndim > 1)


def test_baseline_and_dropout_start_from_the_same_weights(layers: dict[str, list[dict]]) -> None:
    assert have_equal_weights(build(layers["baseline"], 3), build(layers["dropout"], 3))


def test_the_precision_does_not_change_the_initial_weights(layers: dict[str, list[dict]]) -> None:
    mixed = build(layers["baseline"], precision="mixed_bfloat16")
    assert have_equal_weights(build(layers["baseline"]), mixed)
    assert {weights.dtype for weights in mixed.get_weights()} == {np.dtype(np.float32)}


def test_weights_are_glorot_uniform_and_biases_zero(layers: dict[str, list[dict]]) -> None:
    for weights in build(layers["baseline"]).get_weights():
        if weights.ndim == 1:
            assert not weights.any()
            continue
        field = math.prod(weights.shape[:-2])  # of a convolution; 1 for a dense layer
        limit = math.sqrt(6 / (field * (weights.shape[-2] + weights.shape[-1])))
        assert np.abs(weights).max() <= limit
        assert np.abs(weights).max() > 0.95 * limit
        assert weights.std() == pytest.approx(limit / math.sqrt(3), rel=0.1)


def test_each_layer_draws_numbers_of_its_own() -> None:
    equal = {"dense": {"units": 10, "activation": "relu"}}
    first, second = build([{"flatten": {}}, equal, equal]).get_weights()[2:5:2]
    assert first.shape == second.shape
    assert not np.array_equal(first, second)


def test_uses_and_numbers_of_a_seed_do_not_share_a_stream() -> None:
    uses = (seeds.WEIGHTS, seeds.DROPOUT, seeds.SHUFFLING, seeds.BIASES, seeds.AUGMENTATION)
    drawn = [
        seeds.derived_seed(seed, use, n) for seed in range(3) for use in uses for n in range(20)
    ]
    assert len(set(drawn)) == len(drawn)
    assert all(0 <= seed < 2**32 for seed in drawn)


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16", "mixed_float16"])
def test_logits_are_float32_in_any_precision(layers: dict[str, list[dict]], precision: str) -> None:
    model = build(layers["dropout"], precision=precision)
    assert model.layers[0].compute_dtype == precision.removeprefix("mixed_")
    logits = model(images())
    assert logits.shape == (5, 10)
    assert logits.dtype == "float32"


def test_logits_are_not_activated(layers: dict[str, list[dict]]) -> None:
    assert np.array(build(layers["baseline"])(images())).min() < 0


def test_same_padding_keeps_odd_images_whole() -> None:
    model = models.build(
        [{"pool": {"size": 2}}, {"flatten": {}}], (7, 5, 1), classes=2, seed=0, precision="float32"
    )
    assert model.layers[0].output.shape == (None, 4, 3, 1)


def test_saving_twice_gives_equal_bytes(layers: dict[str, list[dict]], tmp_path: Path) -> None:
    model = build(layers["dropout"])
    model_files.save(model, tmp_path / "one.keras")
    model_files.save(model, tmp_path / "other.keras")
    assert (tmp_path / "one.keras").read_bytes() == (tmp_path / "other.keras").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.keras", "other.keras"]


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_a_saved_model_loads_in_plain_keras_with_the_same_predictions(
    layers: dict[str, list[dict]], tmp_path: Path, precision: str
) -> None:
    import keras

    model = build(layers["dropout"], 5, precision, data="CIFAR-10")
    model_files.save(model, tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    x = images(data="CIFAR-10")
    assert np.array_equal(np.array(loaded(x)), np.array(model(x)))


def test_the_weights_of_a_saved_model_load_into_one_built_anew(
    layers: dict[str, list[dict]], tmp_path: Path
) -> None:
    model = build(layers["dropout"], 5)
    model_files.save(model, tmp_path / "model.keras")
    other = build(layers["dropout"], 6)
    other.load_weights(tmp_path / "model.keras")
    assert have_equal_weights(model, other)


def test_biases_are_glorot_uniform_where_that_is_set(layers: dict[str, list[dict]]) -> None:
    model, other = (
        models.build(
            layers["baseline"], SHAPES["Fashion-MNIST"], 10, seed, "float32", "glorot_uniform"
        )
        for seed in (0, 1)
    )
    plain = build(layers["baseline"])
    for weights, plain_weights, others in zip(
        model.get_weights(), plain.get_weights(), other.get_weights(), strict=True
    ):
        if weights.ndim > 1:
            assert np.array_equal(weights, plain_weights)  # another stream of random numbers
            continue
        limit = math.sqrt(6 / (2 * len(weights)))  # a vector's fans are both its length
        assert limit / 2 < np.abs(weights).max() <= limit
        assert not np.array_equal(weights, others)
