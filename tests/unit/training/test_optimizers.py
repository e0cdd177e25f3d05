"""An optimiser is one entry of a table: the configuration takes it, and trainings use it."""

from typing import Any

import numpy as np
import pytest

from paths import ROOT
from swatchbook.errors import ConfigurationError
from swatchbook.startup import configuration
from swatchbook.training import models, optimizers
from swatchbook.training.devices import import_tensorflow

SCHEMA = ROOT / "workflow" / "schemas" / "config.schema.json"


@pytest.fixture(autouse=True)
def nadam(monkeypatch: pytest.MonkeyPatch) -> None:
    """One more entry."""
    import_tensorflow()

    def build(learning_rate: float, *, beta_1: float = 0.9, epsilon: float = 1e-7) -> Any:
        import keras

        return keras.optimizers.Nadam(learning_rate, beta_1=beta_1, epsilon=epsilon)

    monkeypatch.setitem(optimizers.OPTIMIZERS, "nadam", build)


def checked(optimizer: Any, **more: Any) -> dict[str, Any]:
    config = {
        "datasets": ["a"],
        "models": {"plain": {"layers": [{"flatten": {}}]}},
        "training": {"optimizer": optimizer, "learning_rate": 0.5, **more},
    }
    return configuration.checked_config(config, SCHEMA, "config.yaml")["training"]


def built(settings: dict[str, Any], precision: str = "float32") -> tuple[Any, Any]:
    model = models.build([{"flatten": {}}], (2, 2, 1), 3, 0, precision)
    return model, optimizers.build(settings, model, steps_an_epoch=1)


def test_the_configuration_takes_a_new_entry_with_its_defaults() -> None:
    settings = checked({"nadam": {"beta_1": 0.8}})
    assert settings["optimizer"] == {"nadam": {"beta_1": 0.8, "epsilon": 1e-7}}
    assert built(settings)[1].beta_1 == 0.8


@pytest.mark.parametrize(
    ("optimizer", "told"),
    [
        ({"sdg": {}}, "unknown key 'training.optimizer.sdg'; did you mean 'sgd'?"),
        ({"sgd": {"nesterow": True}}, "did you mean 'nesterov'?"),
        (
            {"sgd": {"momentum": 1}},
            "sgd.momentum' is 1; allowed: a number, at least 0, less than 1",
        ),
        ({"lion": {"beta_1": 0}}, "lion.beta_1' is 0; allowed: a number, more than 0"),
        ({"adam": {}, "sgd": {}}, "with one key of sgd, adam, adamw"),
        ("adam", 'is "adam"; allowed: keys and values, with one key of sgd, adam, adamw'),
    ],
)
def test_what_no_optimiser_takes_is_refused(optimizer: Any, told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        checked(optimizer)
    assert told in str(caught.value)


def apply(model: Any, optimizer: Any, value: float) -> None:
    gradients = [np.full(weights.shape, value, np.float32) for weights in model.trainable_variables]
    optimizer.apply(gradients, model.trainable_variables)


@pytest.mark.parametrize("name", sorted(optimizers.OPTIMIZERS))
def test_each_moves_weights_against_their_gradient(name: str) -> None:
    model, optimizer = built(checked({name: {}}))
    before = [weights.numpy() for weights in model.trainable_variables]
    for _ in range(2):
        apply(model, optimizer, 1.0)
    for weights, were in zip(model.trainable_variables, before, strict=True):
        assert (weights.numpy() < were).mean() > 0.9


def test_settings_reach_the_optimiser() -> None:
    _, sgd = built(checked({"sgd": {"momentum": 0.9, "nesterov": True}}))
    assert (sgd.momentum, sgd.nesterov, sgd.weight_decay) == (0.9, True, None)
    _, adam = built(checked({"adam": {"beta_1": 0.5, "beta_2": 0.6, "epsilon": 1e-3}}))
    assert (adam.beta_1, adam.beta_2, adam.epsilon) == (0.5, 0.6, 1e-3)
    _, adamw = built(checked({"adamw": {"weight_decay": 0.25}}))
    assert adamw.weight_decay == 0.25
    _, muon = built(checked({"muon": {"ns_steps": 3, "weight_decay": 0}}))
    assert (muon.ns_steps, muon.weight_decay) == (3, None)


def test_sgd_with_momentum_makes_the_steps_of_its_formula() -> None:
    model, optimizer = built(checked({"sgd": {"momentum": 0.5, "nesterov": True}}))
    weights = model.trainable_variables[0]
    before = weights.numpy()
    velocity, expected = 0.0, 0.0
    for _ in range(3):
        apply(model, optimizer, 2.0)
        velocity = 0.5 * velocity - 0.5 * 2
        expected += 0.5 * velocity - 0.5 * 2
    np.testing.assert_allclose(weights.numpy() - before, expected, rtol=1e-5)


def test_a_momentum_of_zero_may_be_written_without_a_point() -> None:
    model, optimizer = built(checked({"sgd": {"momentum": 0}}))
    before = model.trainable_variables[0].numpy()
    apply(model, optimizer, 2.0)
    np.testing.assert_allclose(model.trainable_variables[0].numpy(), before - 0.5 * 2, rtol=1e-6)


def test_coupled_weight_decay_is_carried_by_momentum_and_biases_learn_faster() -> None:
    settings = {"momentum": 0.5, "weight_decay": 0.1, "coupled": True, "bias_rate": 4}
    model, optimizer = built(checked({"sgd": settings}))
    kernel, bias = model.trainable_variables
    bias.assign(np.ones(bias.shape, np.float32))
    for variable, rate, decay in ((kernel, 0.5, 0.1), (bias, 0.5 * 4, 0.1 / 4)):
        expected, velocity = variable.numpy().astype(float), 0.0
        for _ in range(3):
            velocity = 0.5 * velocity - rate * (2.0 + decay * expected)
            expected = expected + velocity
        if variable is kernel:
            of_kernel = expected
    for _ in range(3):
        apply(model, optimizer, 2.0)
    np.testing.assert_allclose(bias.numpy(), expected, rtol=1e-5)
    np.testing.assert_allclose(kernel.numpy(), of_kernel, rtol=1e-5)


def convolutions() -> Any:
    layers = [
        *({"conv": {"filters": 4}}, {"conv": {"filters": 40}}, {"batch_norm": {}}),
        *({"DepthwiseConv2D": {"kernel_size": 3}}, {"flatten": {}}),
    ]
    return models.build(layers, (6, 6, 1), 3, 0, "float32")


def orthogonal(matrix: np.ndarray, steps: int) -> np.ndarray:
    """Apply Muon's polynomial to the singular values of a matrix."""
    u, values, v = np.linalg.svd(matrix, full_matrices=False)
    values /= np.linalg.norm(values)
    for _ in range(steps):
        values = 3.4445 * values - 4.7750 * values**3 + 2.0315 * values**5
    return u * values @ v


@pytest.mark.parametrize(("nesterov", "momentum"), [(True, 0.5), (False, 0.5), (False, 0)])
def test_muon_of_filters_makes_the_steps_of_its_formula(nesterov: bool, momentum: float) -> None:
    own = {"filter_rate": 0.25, "ns_steps": 4, "momentum": momentum, "nesterov": nesterov}
    rest = {"weight_decay": 0.1, "coupled": True, "bias_rate": 4}
    settings = checked({"muon_sgd": own | rest})
    alike = checked({"sgd": {"momentum": momentum, "nesterov": nesterov} | rest})
    model, other = convolutions(), convolutions()
    optimizer = optimizers.build(settings, model, steps_an_epoch=1)
    sgd = optimizers.build(alike, other, steps_an_epoch=1)
    expected = {
        number: weights.numpy().astype(float)
        for number, weights in enumerate(model.trainable_variables)
        if len(weights.shape) == 4 and weights.shape[-1] > 1
    }
    assert [kernel.shape[-1] for kernel in expected.values()] == [4, 40]
    sums = dict.fromkeys(expected, 0.0)
    rng = np.random.default_rng(0)
    for _ in range(3):
        gradients = [
            rng.normal(size=weights.shape).astype(np.float32)
            for weights in model.trainable_variables
        ]
        optimizer.apply(gradients, model.trainable_variables)
        sgd.apply(gradients, other.trainable_variables)
        for number, kernel in expected.items():
            sums[number] = momentum * sums[number] + gradients[number]
            carried = gradients[number] + momentum * sums[number] if nesterov else sums[number]
            change = orthogonal(carried.reshape(-1, kernel.shape[-1]), 4).reshape(kernel.shape)
            scaled = kernel * kernel.shape[-1] ** 0.5 / np.linalg.norm(kernel)
            expected[number] = scaled - 0.5 * 0.25 * change
    for number, weights in enumerate(model.trainable_variables):
        if number in expected:
            np.testing.assert_allclose(weights.numpy(), expected[number], atol=2e-5)
        else:  # biases, a dense kernel, and the filters of the depthwise convolution
            by_sgd = other.trainable_variables[number].numpy()
            np.testing.assert_array_equal(weights.numpy(), by_sgd)


def test_filters_that_begin_as_zeros_are_scaled_to_no_infinity() -> None:
    model = models.build(
        [{"conv": {"filters": 4}}, {"flatten": {}}], (4, 4, 1), 3, 0, "float32", initializer="zeros"
    )
    optimizer = optimizers.build(checked({"muon_sgd": {}}), model, steps_an_epoch=1)
    assert not model.trainable_variables[0].numpy().any()
    apply(model, optimizer, 1.0)
    found = model.trainable_variables[0].numpy()
    assert np.isfinite(found).all()
    assert (found < 0).all()


def test_five_of_muons_steps_make_a_matrix_nearly_orthogonal() -> None:
    from keras import ops

    for shape in ((9, 40), (40, 9)):
        matrix = np.random.default_rng(0).normal(size=shape).astype(np.float32)
        found = ops.convert_to_numpy(optimizers._orthogonal(ops.convert_to_tensor(matrix), 5))
        values = np.linalg.svd(found, compute_uv=False)
        assert values.min() > 0.6
        assert values.max() < 1.3
        np.testing.assert_allclose(found, orthogonal(matrix, 5), atol=1e-4)


def test_losses_are_scaled_for_float16_alone() -> None:
    import keras

    scaled = {
        precision: isinstance(
            built(checked({"adam": {}}), precision)[1], keras.optimizers.LossScaleOptimizer
        )
        for precision in ("float32", "mixed_bfloat16", "mixed_float16")
    }
    assert scaled == {"float32": False, "mixed_bfloat16": False, "mixed_float16": True}


def test_the_norm_of_all_gradients_is_held_to_what_is_asked() -> None:
    model, optimizer = built(checked({"sgd": {}}, clip_norm=3))
    before = [weights.numpy() for weights in model.trainable_variables]
    apply(model, optimizer, 100.0)
    moved = [a - b.numpy() for a, b in zip(before, model.trainable_variables, strict=True)]
    norm = np.sqrt(sum((part**2).sum() for part in moved))
    assert norm == pytest.approx(0.5 * 3, rel=1e-5)


def test_a_norm_of_zero_is_refused() -> None:
    with pytest.raises(
        ConfigurationError, match="clip_norm' is 0; allowed: null or a number, more"
    ):
        checked({"sgd": {}}, clip_norm=0)
