"""Features, attributions and filters of networks whose answer is known."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from swatchbook.errors import DataError
from swatchbook.files import write_json
from swatchbook.training import inside, model_files, models
from swatchbook.training.devices import import_tensorflow
from swatchbook.training.inside import Inside, Opened
from training_inputs import CLASSES, LAYERS, SETTINGS, make_arrays

LINEAR = [{"flatten": {}}]
POOLED = [{"conv": {"filters": 4}}, {"global_pool": {}}]
RESIDUAL = [
    {"conv": {"filters": 4}},
    {"residual": {"layers": [{"conv": {"filters": 4}}, {"batch_norm": {}}]}},
    {"activation": {"function": "gelu"}},
    {"flatten": {}},
]
APPLICATION = [
    {"Resizing": {"height": 32, "width": 32}},
    {"MobileNetV2": {"alpha": 0.35}},
    {"global_pool": {}},
]
VALUES = np.array([0, 1, 2, 0])


def opened(folder: Path, layers: list[dict], precision: str = "mixed_bfloat16") -> Opened:
    """Open a network with the weights of seed 7, saved as a training would."""
    import_tensorflow()
    arrays = make_arrays(folder / "arrays")
    model = models.build(layers, (8, 8, 1), 3, 7, precision)
    generator = np.random.default_rng(0)
    for weight in model.trainable_weights:  # without biases a network is a straight line from black
        if weight.name in ("bias", "beta"):
            weight.assign(generator.normal(size=weight.shape) / 5)
    model_files.save(model, folder / "model.keras")
    write_json(folder / "run.json", {"seed": 0, "layers": layers, "training": SETTINGS})
    return inside.opened(folder / "model.keras", folder / "run.json", arrays)


def images(folder: Path, count: int = 4) -> np.ndarray:
    return np.load(folder / "arrays" / "x_train.npy")[:count]


def logits(network: Inside, given: np.ndarray) -> np.ndarray:
    return network.model(given, training=False).numpy()


@pytest.mark.parametrize("layers", [LINEAR, LAYERS, RESIDUAL, APPLICATION])
def test_features_are_what_the_last_layer_makes_logits_of(tmp_path: Path, layers: Any) -> None:
    network = opened(tmp_path, layers).trained
    given = images(tmp_path)
    (features,) = network.features(given)
    assert features.shape == (4, network.width)
    kernel, bias = network.model.layers[-1].get_weights()
    assert np.allclose(features @ kernel + bias, logits(network, given), atol=1e-4)


def test_many_features_come_in_small_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = opened(tmp_path, LAYERS).trained
    given = images(tmp_path, 25)
    (whole,) = network.features(given)
    monkeypatch.setattr(inside, "MOST_VALUES", 10 * network.width)
    batches = list(network.features(given))
    assert [len(batch) for batch in batches] == [10, 10, 5]
    assert np.allclose(np.concatenate(batches), whole, atol=1e-6)


def test_the_hidden_layer_is_the_last_one_with_weights(tmp_path: Path) -> None:
    found = {
        "dense": opened(tmp_path / "a", LAYERS).trained.hidden,
        None: opened(tmp_path / "b", LINEAR).trained.hidden,
    }
    assert all(name == kind for name, kind in found.items())


def test_of_a_linear_network_gradients_are_value_times_weight(tmp_path: Path) -> None:
    network = opened(tmp_path, LINEAR).trained
    given = images(tmp_path)
    found, differences = network.integrated_gradients(given, VALUES, steps=1)
    kernel, _ = network.model.layers[-1].get_weights()
    expected = given * kernel.T[VALUES].reshape(4, 8, 8, 1)
    assert np.allclose(found, expected, atol=1e-6)
    assert np.allclose(found.sum(axis=(1, 2, 3)), differences, atol=1e-5)


@pytest.mark.parametrize("layers", [LAYERS, RESIDUAL])
def test_gradients_add_up_to_what_the_image_changes(tmp_path: Path, layers: Any) -> None:
    """Completeness: the sum is F(x) - F(black), the nearer the more steps."""
    network = opened(tmp_path, layers).trained
    given = images(tmp_path)
    ends = logits(network, given) - logits(network, np.zeros_like(given))
    expected = ends[np.arange(4), VALUES]
    off = {}
    for steps in (2, 200):
        found, differences = network.integrated_gradients(given, VALUES, steps)
        assert found.shape == given.shape
        assert np.allclose(differences, expected, atol=1e-4)
        off[steps] = np.abs(found.sum(axis=(1, 2, 3)) - expected).max()
    assert off[200] < 0.02 * np.abs(expected).max() + 1e-3
    assert off[200] < off[2] / 2


def test_black_pixels_have_no_gradients(tmp_path: Path) -> None:
    network = opened(tmp_path, LAYERS).trained
    given = images(tmp_path)
    given[:, :3] = 0
    found, _ = network.integrated_gradients(given, VALUES, 4)
    assert not found[:, :3].any() and found[:, 3:].any()


def test_gradients_of_many_images_are_those_of_each(tmp_path: Path) -> None:
    network = opened(tmp_path, LAYERS).trained
    given = images(tmp_path, inside.IMAGES_AT_ONCE + 3)
    classes = np.arange(len(given)) % 3
    whole, _ = network.integrated_gradients(given, classes, 3)
    alone, _ = network.integrated_gradients(given[-1:], classes[-1:], 3)
    assert np.allclose(whole[-1:], alone, atol=1e-6)


def test_where_channels_are_averaged_grad_cam_is_the_class_activation_map(tmp_path: Path) -> None:
    """Selvaraju et al., section 3.1: α is then the class's weights, over the number of places."""
    network = opened(tmp_path, POOLED).trained
    given = images(tmp_path)
    channels = network.model.layers[0](given).numpy()
    kernel, _ = network.model.layers[-1].get_weights()
    expected = np.maximum((channels * kernel.T[VALUES][:, None, None]).sum(axis=3), 0) / 64
    assert np.allclose(network.grad_cam(given, VALUES), expected, atol=1e-6)


def test_grad_cam_needs_a_convolution_that_leaves_places(tmp_path: Path) -> None:
    assert opened(tmp_path / "a", LINEAR).trained.grad_cam(np.zeros((1, 8, 8, 1)), VALUES) is None
    whole = [{"conv": {"filters": 2, "kernel": 8, "padding": "valid"}}, {"flatten": {}}]
    network = opened(tmp_path / "b", whole).trained
    assert network.grad_cam(images(tmp_path / "b"), VALUES) is None
    residual = opened(tmp_path / "c", RESIDUAL).trained
    assert residual.grad_cam(images(tmp_path / "c"), VALUES).shape == (4, 8, 8)


def test_first_filters_are_those_of_the_first_convolution(tmp_path: Path) -> None:
    network = opened(tmp_path, LAYERS).trained
    assert np.array_equal(network.first_filters(), network.model.layers[0].get_weights()[0])
    assert opened(tmp_path / "b", LINEAR).trained.first_filters() is None


def test_random_weights_are_others_of_the_same_network(tmp_path: Path) -> None:
    found = opened(tmp_path, LAYERS)
    trained, random = (network.model.get_weights() for network in (found.trained, found.random))
    assert [w.shape for w in trained] == [w.shape for w in random]
    assert not np.allclose(trained[0], random[0])
    again = inside.opened(
        tmp_path / "model.keras", tmp_path / "run.json", tmp_path / "arrays"
    ).random.model.get_weights()
    assert all(np.array_equal(a, b) for a, b in zip(random, again, strict=True))


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    opened(tmp_path, LAYERS)
    other = {"seed": 0, "layers": POOLED, "training": SETTINGS}
    write_json(tmp_path / "run.json", other)
    with pytest.raises(DataError, match="the weights cannot be read"):
        inside.opened(tmp_path / "model.keras", tmp_path / "run.json", tmp_path / "arrays")


def test_classes_are_as_many_as_arrays_have(tmp_path: Path) -> None:
    assert opened(tmp_path, LAYERS).trained.model.output_shape == (None, len(CLASSES))
