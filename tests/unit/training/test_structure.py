"""What is said of a network's layers is what Keras counts, and what is counted by hand."""

from typing import Any

import pytest

from swatchbook.training import models, structure
from swatchbook.training.devices import import_tensorflow

BASELINE = [
    {"conv": {"filters": 32, "kernel": 3}},
    {"pool": {"size": 2}},
    {"conv": {"filters": 64}},
    {"pool": {"size": 2}},
    {"conv": {"filters": 128}},
    {"pool": {"size": 2}},
    {"flatten": {}},
    {"dense": {"units": 128}},
]
RESIDUAL = [
    {"conv": {"filters": 4}},
    {
        "residual": {
            "layers": [{"conv": {"filters": 8, "stride": 2}}, {"batch_norm": {}}],
            "function": "relu",
        }
    },
    {"global_pool": {}},
]
NETWORKS = {
    "baseline": (BASELINE, (28, 28, 1)),
    "residual": (RESIDUAL, (8, 8, 3)),
    "linear": ([{"flatten": {}}], (5, 4, 3)),
    "own logits": ([{"flatten": {}}, {"logits": {"bias": False}}], (5, 4, 3)),
    "keras": ([{"SeparableConv2D": {"filters": 5, "kernel_size": 3}}, {"flatten": {}}], (8, 8, 3)),
    "application": ([{"MobileNetV2": {"alpha": 0.35}}, {"global_pool": {}}], (32, 32, 1)),
}


def described(layers: list[dict], shape: tuple[int, ...]) -> tuple[Any, list[dict]]:
    import_tensorflow()
    model = models.build(layers, shape, 10, 0, "float32")
    return model, structure.described(model, layers)


@pytest.mark.parametrize("name", NETWORKS)
def test_parameters_are_those_that_keras_counts(name: str) -> None:
    model, found = described(*NETWORKS[name])
    assert sum(layer["parameters"] for layer in found) == model.count_params()
    learned = sum(int(weight.shape.num_elements()) for weight in _values(model))
    assert sum(layer["learned"] for layer in found) == learned
    assert [layer["shape"] for layer in found][-1] == [10]


def _values(model: Any) -> list[Any]:
    return [weight.value for weight in model.trainable_weights]


def test_multiply_adds_are_those_counted_by_hand() -> None:
    _, found = described(*NETWORKS["baseline"])
    convolutions = [28 * 28 * 9 * 32, 14 * 14 * 9 * 32 * 64, 7 * 7 * 9 * 64 * 128]
    dense = [4 * 4 * 128 * 128, 128 * 10]
    assert [layer["multiply_adds"] for layer in found if layer["parameters"]] == [
        *convolutions,
        *dense,
    ]
    assert sum(layer["multiply_adds"] for layer in found if not layer["parameters"]) == 0
    _, (separable, *_) = described(*NETWORKS["keras"])
    assert separable["multiply_adds"] == 6 * 6 * (9 * 3 + 3 * 5)


def test_a_residual_block_has_its_layers_and_its_shortcut_within() -> None:
    _, found = described(*NETWORKS["residual"])
    block = found[1]
    assert [layer["kind"] for layer in block["layers"]] == ["conv", "batch_norm", "shortcut"]
    assert block["shape"] == [4, 4, 8]
    assert block["parameters"] == sum(layer["parameters"] for layer in block["layers"])
    assert block["multiply_adds"] == 4 * 4 * (9 * 4 * 8 + 4 * 8)
    assert block["settings"] == {"function": "relu"}
    assert block["parameters"] - block["learned"] == 16  # running means and variances


def test_an_application_is_one_line_with_its_number_of_layers() -> None:
    _, found = described(*NETWORKS["application"])
    assert [layer["kind"] for layer in found] == ["MobileNetV2", "global_pool", "logits"]
    assert found[0]["count"] > 100
    assert found[0]["multiply_adds"] > 100_000


def test_settings_that_every_such_layer_has_are_left_out() -> None:
    _, (conv, pool, *_) = described(*NETWORKS["baseline"])
    assert conv["settings"] == {"filters": 32, "kernel": 3}
    assert pool["settings"] == {"size": 2}
