"""A layer is one entry of a table: the configuration takes it, and models are built with it."""

from typing import Any

import numpy as np
import pytest

from paths import ROOT
from swatchbook.errors import ConfigurationError
from swatchbook.signatures import Share
from swatchbook.startup import configuration
from swatchbook.training import models
from swatchbook.training.devices import import_tensorflow
from swatchbook.training.layers import LAYERS, Building, Layer

SCHEMA = ROOT / "workflow" / "schemas" / "config.schema.json"


@pytest.fixture(autouse=True)
def batch_norm(monkeypatch: pytest.MonkeyPatch) -> None:
    """One more entry."""
    import_tensorflow()

    def build(building: Building, *, momentum: Share = 0.9) -> Any:
        import keras

        return keras.layers.BatchNormalization(momentum=momentum, dtype=building.precision)

    monkeypatch.setitem(LAYERS, "batch_norm", Layer(build, takes="images"))


def checked(*layers: dict[str, Any]) -> list[dict[str, Any]]:
    config = {"datasets": ["a"], "models": {"plain": {"layers": list(layers)}}}
    return configuration.checked_config(config, SCHEMA, "config.yaml")["models"]["plain"]["layers"]


def test_the_configuration_takes_a_new_entry_with_its_defaults() -> None:
    assert checked({"batch_norm": {}}, {"flatten": {}})[0] == {"batch_norm": {"momentum": 0.9}}


@pytest.mark.parametrize(
    ("layers", "told"),
    [
        ([{"batch_norm": {"momentun": 0.5}}, {"flatten": {}}], "did you mean 'momentum'?"),
        ([{"batch_norm": {"momentum": 2}}, {"flatten": {}}], "is 2; allowed: a number, more than"),
        ([{"batch_nrom": {}}, {"flatten": {}}], "did you mean 'batch_norm'?"),
        ([{"flatten": {}}, {"batch_norm": {}}], "batch_norm stands after flatten"),
    ],
)
def test_what_a_new_entry_does_not_take_is_refused(layers: list[Any], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        checked(*layers)


def test_models_are_built_with_a_new_entry_and_keep_their_other_layers() -> None:
    conv = {"conv": {"filters": 2}}
    layers = checked(conv, {"batch_norm": {"momentum": 0.5}}, {"flatten": {}})
    model = models.build(layers, (4, 4, 1), 3, 0, "mixed_bfloat16")
    added = model.layers[1]
    assert (added.momentum, added.dtype_policy.name) == (0.5, "mixed_bfloat16")
    without = models.build(checked(conv, {"flatten": {}}), (4, 4, 1), 3, 0, "mixed_bfloat16")
    for ours, theirs in ((0, 0), (-1, -1)):
        for one, other in zip(
            model.layers[ours].get_weights(), without.layers[theirs].get_weights(), strict=True
        ):
            np.testing.assert_array_equal(one, other)
