"""Dropout drops what it should, by chance, and by the same chance for the same seed."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from swatchbook.training import dropouts, model_files, models
from swatchbook.training.devices import import_tensorflow

RATES = (0.1, 0.25, 0.4, 0.5, 0.8)
SIX_SIGMA = 6  # by chance once in 500 million; the seeds are fixed anyway
SHAPE = (64, 14, 14, 8)


@pytest.fixture(autouse=True)
def tensorflow() -> None:
    import_tensorflow()


def factors(
    rate: float = 0.25, seed: int = 0, step: int = 0, shape: Any = SHAPE, dtype: str = "float32"
) -> np.ndarray:
    import tensorflow as tf

    found = dropouts.factors(tf.constant([seed, step], tf.int64), rate, shape, dtype)
    return tf.cast(found, tf.float64).numpy()


def dropped(**given: Any) -> np.ndarray:
    return factors(**given) == 0


def deviations(one: np.ndarray, other: np.ndarray) -> float:
    """How many standard deviations the correlation of two masks is away from none."""
    return abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) * np.sqrt(one.size)


@pytest.mark.parametrize(
    ("rate", "chance"),
    [
        (0.5, (1, 1)),
        (0.25, (3, 2)),
        (0.75, (1, 2)),
        (0.4, (19661, 15)),
        (1e-9, (65535, 16)),
        (1 - 1e-9, (1, 16)),
    ],
)
def test_a_chance_has_as_many_bits_as_it_needs_and_is_never_certain(
    rate: float, chance: tuple[int, int]
) -> None:
    assert dropouts.chance_to_stay(rate) == chance


def test_a_chance_is_within_half_of_its_resolution() -> None:
    for rate in np.random.default_rng(0).uniform(1e-4, 1 - 1e-4, 1000):
        assert abs(dropouts.chance_to_stay(rate).probability - (1 - rate)) <= 2**-17


@pytest.mark.parametrize("rate", RATES)
def test_the_share_that_is_dropped_is_the_rate(rate: float) -> None:
    found = dropped(rate=rate, shape=(1_000_000,))
    assert abs(found.mean() - rate) < SIX_SIGMA * np.sqrt(rate * (1 - rate) / found.size)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("rate", RATES)
def test_what_stays_keeps_the_mean(rate: float, dtype: str) -> None:
    import tensorflow as tf

    found = factors(rate=rate, dtype=dtype)
    expected = tf.cast(1 / dropouts.chance_to_stay(rate).probability, dtype)
    assert np.unique(found).tolist() == [0, float(expected)]


@pytest.mark.parametrize("rate", [0.25, 0.4])
def test_neighbours_are_dropped_independently(rate: float) -> None:
    flat = dropped(rate=rate).ravel()
    # Along channels, pixels and images, within and across bytes, words and planes of bits.
    lags = [*range(1, 70), 8 * 14, 8 * 14 * 14, flat.size // 64, flat.size // 2]
    for lag in lags:
        assert deviations(flat[:-lag], flat[lag:]) < SIX_SIGMA, lag


@pytest.mark.parametrize("rate", [0.25, 0.4])
def test_each_place_of_a_word_and_each_pattern_of_a_byte_has_its_chance(rate: float) -> None:
    bits = dropped(rate=rate, shape=(3_200_000,))
    deviation = np.sqrt(rate * (1 - rate) / 100_000)
    assert np.abs(bits.reshape(-1, 32).mean(0) - rate).max() < SIX_SIGMA * deviation
    patterns = np.bincount(np.packbits(bits.reshape(-1, 8), axis=1).ravel(), minlength=256)
    ones = np.array([number.bit_count() for number in range(256)])
    expected = rate**ones * (1 - rate) ** (8 - ones) * 400_000
    squares = ((patterns - expected) ** 2 / expected).sum()
    assert abs(squares - 255) < SIX_SIGMA * np.sqrt(2 * 255)


@pytest.mark.parametrize("rate", [0.25, 0.4])
def test_steps_layers_and_replicas_are_independent(rate: float) -> None:
    # A replica's seed is that of its layer, and its number more.
    keys = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (2, 0), (2**31, 0), (2**32 - 1, 0)]
    masks = [dropped(rate=rate, seed=seed, step=step) for seed, step in keys]
    for number, one in enumerate(masks):
        for other in masks[:number]:
            assert deviations(one, other) < SIX_SIGMA


@pytest.mark.parametrize("size", [1, 7, 8, 31, 32, 33, 1000])
def test_any_number_of_values_can_be_dropped(size: int) -> None:
    whole = factors(shape=(1000,))
    assert factors(shape=(size,)).shape == (size,)
    np.testing.assert_array_equal(
        factors(rate=0.5, shape=(1, size)).ravel() > 0, (factors(rate=0.5, shape=(size,)) > 0)
    )
    assert set(np.unique(factors(shape=(size,)))) <= set(np.unique(whole))


def test_xla_draws_the_same() -> None:
    import tensorflow as tf

    compiled = tf.function(dropouts.factors, jit_compile=True, autograph=False)
    seed = tf.constant([3, 4], tf.int64)
    np.testing.assert_array_equal(
        compiled(seed, 0.4, SHAPE, tf.float32), dropouts.factors(seed, 0.4, SHAPE, tf.float32)
    )


VALUES = np.random.default_rng(0).uniform(1, 2, (3, 6, 6, 4)).astype(np.float32)


def build(kind: str, seed: int = 0) -> Any:
    return models.build(
        [{kind: {"rate": 0.4}}, {"flatten": {}}], VALUES.shape[1:], 2, seed, "float32"
    )


@pytest.mark.parametrize("kind", ["dropout", "spatial_dropout"])
def test_a_layer_multiplies_and_so_does_its_gradient_anew_in_each_step(kind: str) -> None:
    import tensorflow as tf

    layer, again = build(kind).layers[0], build(kind).layers[0]
    seen = []
    for _ in range(3):
        values = tf.constant(VALUES)
        with tf.GradientTape() as tape:
            tape.watch(values)
            found = layer(values, training=True)
        factor = tape.gradient(found, values).numpy()
        np.testing.assert_allclose(found, VALUES * factor, rtol=1e-6)
        assert 0 < (factor == 0).mean() < 1
        np.testing.assert_array_equal(found, again(VALUES, training=True))
        seen.append(factor.tobytes())
    assert len(set(seen)) == 3
    assert build(kind, seed=1).layers[0](VALUES, training=True).numpy().tobytes() not in seen
    np.testing.assert_array_equal(layer(VALUES, training=False), VALUES)


def test_dropout_by_its_name_in_keras_keeps_the_numbers_of_keras() -> None:
    import keras

    ours = build("Dropout").layers[0]
    keras_own = keras.layers.Dropout(0.4, seed=ours.seed)
    np.testing.assert_array_equal(ours(VALUES, training=True), keras_own(VALUES, training=True))


LAYERS = [
    {"conv": {"filters": 4}},
    {"pool": {}},
    {"spatial_dropout": {"rate": 0.2}},
    {"residual": {"layers": [{"conv": {"filters": 4}}, {"dropout": {"rate": 0.5}}]}},
    {"flatten": {}},
    {"dense": {"units": 8}},
    {"dropout": {"rate": 0.3}},
]
ALONE = """
import sys
import keras, numpy as np
np.save(sys.argv[3], keras.models.load_model(sys.argv[1])(np.load(sys.argv[2])))
assert not [name for name in sys.modules if name.partition(".")[0] == "swatchbook"]
"""


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_keras_alone_loads_a_saved_model_and_predicts_the_same(
    tmp_path: Path, precision: str
) -> None:
    model = models.build(LAYERS, VALUES.shape[1:], 2, 0, precision)
    file, images, found = (tmp_path / name for name in ("model.keras", "x.npy", "found.npy"))
    model_files.save(model, file)
    np.save(images, VALUES)
    subprocess.run(
        [sys.executable, "-I", "-c", ALONE, file, images, found], check=True, cwd=tmp_path
    )
    np.testing.assert_array_equal(np.load(found), model(VALUES))


def test_a_saved_model_names_layers_of_keras_only(tmp_path: Path) -> None:
    model_files.save(models.build(LAYERS, VALUES.shape[1:], 2, 0, "float32"), tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras") as archive:
        config = archive.read("config.json")
    modules, names = set(), set()

    def noted(found: dict[str, Any]) -> dict[str, Any]:
        if "module" in found:
            modules.add(found["module"])
            names.add(found["class_name"])
        return found

    json.loads(config, object_hook=noted)
    assert all(str(module).partition(".")[0] == "keras" for module in modules)
    assert {"Dropout", "SpatialDropout2D", "MaxPooling2D"} <= names
    assert b"swatchbook" not in config
