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
def sgd(monkeypatch: pytest.MonkeyPatch) -> None:
    """One more entry."""
    import_tensorflow()

    def build(learning_rate: float, *, momentum: float = 0.0, nesterov: bool = False) -> Any:
        import keras

        return keras.optimizers.SGD(learning_rate, momentum=momentum, nesterov=nesterov)

    monkeypatch.setitem(optimizers.OPTIMIZERS, "sgd", build)


def checked(optimizer: Any) -> dict[str, Any]:
    config = {
        "datasets": ["a"],
        "models": {"plain": {"layers": [{"flatten": {}}]}},
        "training": {"optimizer": optimizer, "learning_rate": 0.5},
    }
    return configuration.checked_config(config, SCHEMA, "config.yaml")["training"]


def built(settings: dict[str, Any], precision: str = "float32") -> tuple[Any, Any]:
    model = models.build([{"flatten": {}}], (2, 2, 1), 3, 0, precision)
    return model, optimizers.build(settings, model)


def test_the_configuration_takes_a_new_entry_with_its_defaults() -> None:
    settings = checked({"sgd": {"momentum": 0.9}})
    assert settings["optimizer"] == {"sgd": {"momentum": 0.9, "nesterov": False}}


@pytest.mark.parametrize(
    ("optimizer", "told"),
    [
        ({"sdg": {}}, "unknown key 'training.optimizer.sdg'; did you mean 'sgd'?"),
        ({"sgd": {"nesterow": True}}, "did you mean 'nesterov'?"),
        ({"adam": {}, "sgd": {}}, "with one key of adam, sgd"),
        ("adam", 'is "adam"; allowed: keys and values, with one key of adam, sgd'),
    ],
)
def test_what_no_optimiser_takes_is_refused(optimizer: Any, told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        checked(optimizer)
    assert told in str(caught.value)


def test_a_step_of_a_new_entry_is_its_own() -> None:
    model, optimizer = built(checked({"sgd": {}}))
    weights, biases = model.trainable_variables
    before = weights.numpy()
    gradient = np.full(weights.shape, 2, np.float32)
    optimizer.apply([gradient, np.zeros(biases.shape, np.float32)], model.trainable_variables)
    np.testing.assert_allclose(weights.numpy(), before - 0.5 * 2, rtol=0, atol=1e-6)


def test_losses_are_scaled_for_float16_alone() -> None:
    import keras

    scaled = {
        precision: isinstance(
            built(checked({"adam": {}}), precision)[1], keras.optimizers.LossScaleOptimizer
        )
        for precision in ("float32", "mixed_bfloat16", "mixed_float16")
    }
    assert scaled == {"float32": False, "mixed_bfloat16": False, "mixed_float16": True}
