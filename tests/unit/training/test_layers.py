"""A layer is one entry of a table: the configuration takes it, and models are built with it."""

import inspect
from typing import Any

import numpy as np
import pytest

from paths import ROOT
from swatchbook.errors import ConfigurationError, TrainingError
from swatchbook.signatures import Positive
from swatchbook.startup import configuration
from swatchbook.training import keras_layers, model_files, models, whitening
from swatchbook.training.devices import import_tensorflow
from swatchbook.training.layers import LAYERS, Building, Layer

SCHEMA = ROOT / "workflow" / "schemas" / "config.schema.json"
CONV = {"conv": {"filters": 2}}
FLATTEN = {"flatten": {}}
IMAGES = np.random.default_rng(0).random((6, 8, 8, 3), np.float32)


@pytest.fixture(autouse=True)
def noise(monkeypatch: pytest.MonkeyPatch) -> None:
    """One more entry."""
    import_tensorflow()

    def build(building: Building, *, deviation: Positive = 0.5) -> Any:
        import keras

        seed = building.dropout_seed()
        return keras.layers.GaussianNoise(deviation, seed=seed, dtype=building.precision)

    monkeypatch.setitem(LAYERS, "noise", Layer(build, takes="images"))


def checked(*layers: dict[str, Any]) -> list[dict[str, Any]]:
    config = {"datasets": ["a"], "models": {"plain": {"layers": list(layers)}}}
    return configuration.checked_config(config, SCHEMA, "config.yaml")["models"]["plain"]["layers"]


def build(*layers: dict[str, Any], seed: int = 0, precision: str = "float32", **more: Any) -> Any:
    return models.build(checked(*layers), IMAGES.shape[1:], 3, seed, precision, **more)


def test_the_configuration_takes_a_new_entry_with_its_defaults() -> None:
    assert checked({"noise": {}}, FLATTEN)[0] == {"noise": {"deviation": 0.5}}


@pytest.mark.parametrize(
    ("layers", "told"),
    [
        ([{"noise": {"deviaton": 0.5}}, FLATTEN], "did you mean 'deviation'?"),
        ([{"noise": {"deviation": 0}}, FLATTEN], "is 0; allowed: a number, more than"),
        ([{"nois": {}}, FLATTEN], "did you mean 'noise'?"),
        ([FLATTEN, {"noise": {}}], "noise stands after flatten"),
    ],
)
def test_what_a_new_entry_does_not_take_is_refused(layers: list[Any], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        checked(*layers)


def test_models_are_built_with_a_new_entry_and_keep_their_other_layers() -> None:
    model = build(CONV, {"noise": {"deviation": 0.25}}, FLATTEN, precision="mixed_bfloat16")
    added = model.layers[1]
    assert (added.stddev, added.dtype_policy.name) == (0.25, "mixed_bfloat16")
    assert have_equal_weights(model, build(CONV, FLATTEN, precision="mixed_bfloat16"))


def have_equal_weights(one: Any, other: Any) -> bool:
    pairs = zip(one.trainable_variables, other.trainable_variables, strict=True)
    return all(np.array_equal(a.numpy(), b.numpy()) for a, b in pairs)


def output(model: Any, training: bool = False) -> np.ndarray:
    return np.asarray(model(IMAGES, training=training))


def test_stride_padding_and_bias_are_a_convolutions_own() -> None:
    conv = {"conv": {"filters": 4, "kernel": 3, "stride": 2, "padding": "valid", "bias": False}}
    model = build(conv, FLATTEN)
    assert model.layers[0].output.shape[1:] == (3, 3, 4)
    assert [variable.shape for variable in model.layers[0].weights] == [(3, 3, 3, 4)]


def test_pooling_takes_the_largest_or_the_mean() -> None:
    for kind, wanted in (("max", np.max), ("average", np.mean)):
        pooled = np.asarray(build({"pool": {"size": 8, "kind": kind}}, FLATTEN).layers[0](IMAGES))
        np.testing.assert_allclose(pooled[:, 0, 0], wanted(IMAGES, axis=(1, 2)), rtol=1e-5)
        globally = np.asarray(build({"global_pool": {"kind": kind}}).layers[0](IMAGES))
        np.testing.assert_allclose(globally, wanted(IMAGES, axis=(1, 2)), rtol=1e-5)


def test_batch_norm_normalises_by_the_batch_and_evaluates_by_what_it_kept() -> None:
    settings = {"momentum": 0.6, "epsilon": 1e-6, "scale": False}
    layer = build({"batch_norm": settings}, FLATTEN).layers[0]
    assert (layer.momentum, layer.epsilon, layer.gamma) == (0.6, 1e-6, None)
    found = np.asarray(layer(IMAGES, training=True))
    np.testing.assert_allclose(found.mean(axis=(0, 1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(found.std(axis=(0, 1, 2)), 1, atol=1e-3)
    kept = 0.4 * IMAGES.mean(axis=(0, 1, 2))
    np.testing.assert_allclose(layer.moving_mean.numpy(), kept, rtol=1e-4)


@pytest.mark.parametrize("settings", [{}, {"scale": False, "momentum": 0.6}, {"center": False}])
@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_batch_norm_and_gelu_are_kerass_own_in_fewer_passes(
    settings: dict[str, Any], precision: str, tmp_path: Any
) -> None:
    import keras
    import tensorflow as tf

    norm = {"batch_norm": settings}
    gelu = {"activation": {"function": "gelu"}}
    ours = build(CONV, norm, gelu, FLATTEN, norm, precision=precision)
    model_files.save(ours, tmp_path / "model.keras")
    theirs = keras.saving.load_model(tmp_path / "model.keras")
    assert {type(layer).__module__.split(".")[0] for layer in theirs.layers} == {"keras"}
    gradients = []
    for model in (ours, theirs):
        with tf.GradientTape() as tape:
            logits = model(IMAGES, training=True)
            loss = tf.reduce_sum(tf.square(logits - 1))
        gradients.append([logits, *tape.gradient(loss, model.trainable_variables)])
    exact = precision == "float32"
    close = {"rtol": 1e-4, "atol": 1e-4} if exact else {"rtol": 0.1, "atol": 0.1}
    # In bfloat16 what is left of a gradient that batch normalisation cancels is rounding.
    for found, wanted in (
        zip(*gradients, strict=True) if exact else [(gradients[0][0], gradients[1][0])]
    ):
        np.testing.assert_allclose(found, wanted, **close)
    for found, wanted in zip(ours.variables, theirs.variables, strict=True):
        # What batch normalisation keeps would differ by a 384th with another kind of variance.
        least = {"rtol": 1e-4, "atol": 1e-7} if exact else {"rtol": 1e-2, "atol": 1e-3}
        np.testing.assert_allclose(found.numpy(), wanted.numpy(), **least)
    np.testing.assert_allclose(output(ours), output(theirs), **close)


def test_whitening_filters_make_squares_of_pixels_uncorrelated() -> None:
    blurred = (IMAGES[:, 1:, 1:] + IMAGES[:, :-1, 1:] + IMAGES[:, 1:, :-1]) / 3
    model = models.build(
        checked({"whiten": {"epsilon": 1e-9, "images": 4}}, FLATTEN), (7, 7, 3), 3, 0, "float32"
    )
    models.show(model, blurred)
    layer = model.layers[0]
    assert layer.output.shape[1:] == (6, 6, 24)
    assert not layer.trainable_variables
    values = np.asarray(layer(blurred[:4])).reshape(-1, 24)
    np.testing.assert_allclose(values.mean(0), 0, atol=1e-3)
    np.testing.assert_allclose(np.cov(values[:, :12].T, ddof=0), np.eye(12), atol=1e-2)
    np.testing.assert_allclose(values[:, 12:], -values[:, :12], atol=1e-4)
    other = np.asarray(layer(blurred[4:])).reshape(-1, 24)  # not among the first four
    assert abs(np.cov(other[:, :12].T, ddof=0) - np.eye(12)).max() > 0.1


def test_whitening_filters_are_as_small_as_images_ask() -> None:
    with pytest.raises(TrainingError, match=r"whiten.kernel is 9; allowed .* at most 8"):
        whitening.filters(IMAGES, 9, 1e-3)


@pytest.mark.parametrize(
    ("layers", "told"),
    [
        ((CONV, {"whiten": {}}, FLATTEN), "layers[1]': whiten is made of the training images; all"),
        (({"residual": {"layers": [{"whiten": {}}]}}, FLATTEN), "residual.layers[0]': whiten is m"),
        ((FLATTEN, {"logits": {}}, {"dense": {"units": 2}}), "layers[2]': dense stands after logi"),
        (({"logits": {}}, FLATTEN), "layers[0]': logits stands before flatten; allowed: after"),
        (({"residual": {"layers": [{"logits": {}}]}}, FLATTEN), "logits stands before flatten"),
    ],
)
def test_layers_that_have_one_place_are_refused_at_another(layers: Any, told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        checked(*layers)
    assert told in str(caught.value)


def test_logits_that_are_written_out_stand_in_the_place_of_the_added_ones() -> None:
    plain = build(CONV, FLATTEN, {"logits": {}}, precision="mixed_bfloat16")
    assert have_equal_weights(plain, build(CONV, FLATTEN, precision="mixed_bfloat16"))
    own = build(CONV, FLATTEN, {"logits": {"bias": False, "initializer": "zeros"}})
    assert [one.shape for one in own.layers[-1].weights] == [(128, 3)]
    assert not output(own).any()


def test_dirac_passes_channels_on_and_fills_other_filters() -> None:
    model = build({"conv": {"filters": 5, "activation": "linear"}}, FLATTEN, initializer="dirac")
    kernel = model.layers[0].kernel.numpy()
    np.testing.assert_allclose(np.asarray(model.layers[0](IMAGES))[..., :3], IMAGES, atol=1e-5)
    assert 0.05 < np.abs(kernel[..., 3:]).max() <= 27**-0.5
    other = build(
        {"conv": {"filters": 5, "activation": "linear"}}, FLATTEN, initializer="dirac", seed=1
    )
    assert not np.array_equal(kernel, other.layers[0].kernel.numpy())


def test_what_begins_in_a_way_of_its_own_is_saved_for_keras_alone(tmp_path: Any) -> None:
    import keras

    model = build({"whiten": {}}, {"conv": {"filters": 4}}, FLATTEN, initializer="dirac")
    models.show(model, IMAGES)
    model_files.save(model, tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(output(model), output(loaded))


def test_spatial_dropout_drops_whole_channels() -> None:
    layer = build({"spatial_dropout": {"rate": 0.5}}, FLATTEN).layers[0]
    kept = (np.asarray(layer(IMAGES + 1, training=True)) != 0).mean(axis=(1, 2))
    assert set(kept.ravel().tolist()) == {0.0, 1.0}


def test_activation_is_a_layer_of_its_own() -> None:
    tanh = build({"activation": {"function": "tanh"}}, FLATTEN).layers[0]
    np.testing.assert_allclose(np.asarray(tanh(IMAGES)), np.tanh(IMAGES), rtol=1e-5)


def test_a_residual_block_adds_its_input() -> None:
    block = {"residual": {"layers": [{"conv": {"filters": 3, "initializer": "zeros"}}]}}
    np.testing.assert_allclose(np.asarray(build(block, FLATTEN).layers[0](IMAGES)), IMAGES)
    doubled = {"residual": {"layers": [{"activation": {"function": "linear"}}]}}
    np.testing.assert_allclose(np.asarray(build(doubled, FLATTEN).layers[0](IMAGES)), 2 * IMAGES)


def test_a_residual_block_that_changes_the_shape_brings_its_input_to_it() -> None:
    conv = {"conv": {"filters": 5, "stride": 2, "initializer": "zeros"}}
    model = build({"residual": {"layers": [conv, {"batch_norm": {}}]}}, FLATTEN)
    assert model.layers[0].output.shape[1:] == (4, 4, 5)
    shortcut = next(v for v in model.layers[0].trainable_variables if v.shape[:2] == (1, 1))
    expected = np.einsum("nhwc,cd->nhwd", IMAGES[:, ::2, ::2], shortcut.numpy()[0, 0])
    np.testing.assert_allclose(np.asarray(model.layers[0](IMAGES)), expected, atol=1e-5)


def test_residual_blocks_within_others_are_saved_and_read_again(tmp_path: Any) -> None:
    inner = {"residual": {"layers": [{"conv": {"filters": 4}}, {"dropout": {"rate": 0.5}}]}}
    layers = ({"residual": {"layers": [inner, CONV]}}, {"global_pool": {}})
    model = build(*layers, seed=1)
    assert len([one for one in models.all_layers(model) if hasattr(one, "seed_generator")]) == 1
    model_files.save(model, tmp_path / "model.keras")
    other = build(*layers, seed=2)
    assert not np.array_equal(output(model), output(other))
    model_files.load_weights(other, tmp_path / "model.keras")
    np.testing.assert_array_equal(output(model), output(other))
    import keras

    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(output(model), output(loaded))


def test_weight_decay_is_half_its_times_the_squared_weights() -> None:
    model = build({"conv": {"filters": 4, "weight_decay": 0.5}}, FLATTEN)
    assert len(model.losses) == 1
    squares = (model.layers[0].kernel.numpy() ** 2).sum()
    assert float(model.losses[0]) == pytest.approx(0.25 * squares, rel=1e-5)


@pytest.mark.parametrize(
    ("initializer", "deviation"),
    [
        ("glorot_uniform", np.sqrt(2 / (27 + 9 * 64))),
        ("glorot_normal", np.sqrt(2 / (27 + 9 * 64))),
        ("he_uniform", np.sqrt(2 / 27)),
        ("he_normal", np.sqrt(2 / 27)),
        ("zeros", 0),
    ],
)
def test_weights_begin_as_the_training_or_the_layer_says(
    initializer: str, deviation: float
) -> None:
    conv = {"filters": 64}
    by_training = build({"conv": conv}, FLATTEN, initializer=initializer)
    by_layer = build({"conv": {**conv, "initializer": initializer}}, FLATTEN)
    kernel = by_training.layers[0].kernel.numpy()
    assert kernel.std() == pytest.approx(deviation, rel=0.1)
    np.testing.assert_array_equal(kernel, by_layer.layers[0].kernel.numpy())
    last = by_training.layers[-1].kernel.numpy()
    assert np.array_equal(last, by_layer.layers[-1].kernel.numpy()) == (
        initializer == "glorot_uniform"
    )


def test_orthogonal_weights_are_orthogonal() -> None:
    kernel = build({"conv": {"filters": 8, "initializer": "orthogonal"}}, FLATTEN).layers[0].kernel
    columns = kernel.numpy().reshape(-1, 8)
    np.testing.assert_allclose(columns.T @ columns, np.eye(8), atol=1e-5)


def test_what_keras_layers_take_is_what_their_constructors_take() -> None:
    """Read out of the source, held against the layers themselves."""
    import keras

    assert len(keras_layers.names()) > 100
    for name in keras_layers.names():
        parameters = inspect.signature(getattr(keras.layers, name).__init__).parameters.values()
        named = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
        wanted = {p.name: p.default is p.empty for p in named if p.name not in keras_layers.OWN}
        assert keras_layers.arguments(name) == wanted, name


def test_a_layer_of_keras_gets_its_arguments_the_precision_and_seeds() -> None:
    layers = (
        {"DepthwiseConv2D": {"kernel_size": 3, "padding": "same"}},
        {"LayerNormalization": {"epsilon": 0.01}},
        {"GaussianNoise": {"stddev": 0.1}},
        FLATTEN,
    )
    model = build(*layers, precision="mixed_bfloat16")
    depthwise, normalization, noise, *_ = model.layers
    assert depthwise.dtype_policy.name == "mixed_bfloat16"
    assert normalization.epsilon == 0.01
    assert have_equal_weights(model, build(*layers, precision="mixed_bfloat16"))
    other = build(*layers, seed=1)
    assert not np.array_equal(depthwise.get_weights()[0], other.layers[0].get_weights()[0])
    again = build(*layers, precision="mixed_bfloat16").layers[2]
    first, second = (np.asarray(one(IMAGES, training=True), float) for one in (noise, again))
    np.testing.assert_array_equal(first, second)


def test_what_keras_itself_refuses_is_told_by_layer() -> None:
    with pytest.raises(TrainingError, match=r"models: Conv3D cannot be built on \(8, 8, 3\)"):
        build({"Conv3D": {"filters": 2, "kernel_size": 3}}, FLATTEN)


@pytest.mark.parametrize(
    ("layers", "told"),
    [
        (
            [{"residual": {"layers": [{"conv": {"filters": 4, "padding": "valid"}}]}}, FLATTEN],
            r"a residual block make \(6, 6, 4\) of \(8, 8, 3\), to which no stride leads",
        ),
        (
            [{"residual": {"layers": [{"Flatten": {}}]}}, FLATTEN],
            r"a residual block make \(192,\) of \(8, 8, 3\), to which no stride leads",
        ),
        ([{"conv": {"filters": 2}}, {"Identity": {}}], r"end with \(8, 8, 2\), which are no vec"),
        ([{"Rescaling": {"scale": "abc"}}, FLATTEN], r"Rescaling cannot be built on \(8, 8, 3\)"),
        (
            [{"conv": {"filters": 2, "kernel": 99, "padding": "valid"}}, FLATTEN],
            r"conv cannot be built on \(8, 8, 3\): [^\x1b]{,200} \(see",
        ),
    ],
)
def test_what_does_not_fit_is_told_by_layer_and_shape(layers: list[Any], told: str) -> None:
    with pytest.raises(TrainingError, match=told):
        build(*layers)


def test_layers_of_keras_take_images_for_what_they_are_here() -> None:
    """From 0 to 1, and not to 255, which Keras takes for granted."""
    layer = build({"RandomBrightness": {"factor": 0.1}}, FLATTEN).layers[0]
    found = np.asarray(layer(IMAGES, training=True))
    assert found.min() >= 0 and found.max() <= 1
    assert np.abs(found - IMAGES).mean() < 0.2


@pytest.mark.parametrize(
    "layers",
    [
        [{"GaussianNoise": {"stddev": 0.1, "seed": None}}, FLATTEN],
        [{"Reshape": {"target_shape": [8, 24]}}, {"LSTM": {"units": 4}}],
        [{"SeparableConv2D": {"filters": 4, "kernel_size": 3}}, {"PReLU": {}}, FLATTEN],
        [{"RandomFlip": {}}, {"RandomRotation": {"factor": 0.1}}, FLATTEN],
        [{"Flatten": {}}, {"Dense": {"units": 4, "kernel_initializer": "he_normal"}}],
    ],
)
def test_a_seed_decides_all_of_a_layer_of_keras(layers: list[Any]) -> None:
    one, same, other = (build(*layers, seed=seed) for seed in (0, 0, 1))
    assert have_equal_weights(one, same)
    assert np.array_equal(output(one, training=True), output(same, training=True))
    assert not np.array_equal(output(one), output(other))


@pytest.mark.parametrize(
    ("layer", "told"),
    [
        ({"Dense": {"units": 2, "lora_rank": 2}}, "Dense takes no 'lora_rank'"),
        ({"MixUp": {}}, "MixUp is no layer of Keras that a model here can have"),
        ({"Add": {}}, "Add is no layer of Keras that a model here can have"),
        ({"StringLookup": {"vocabulary": "/etc/hostname"}}, "StringLookup is no layer of Keras"),
    ],
)
def test_layers_of_keras_with_no_place_in_a_stack_are_refused(layer: Any, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        checked(layer, FLATTEN)
