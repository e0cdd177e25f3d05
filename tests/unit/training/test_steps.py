"""One step changes the weights by the gradient of the loss that the settings say."""

from typing import Any

import numpy as np
import pytest

from swatchbook.training import models, optimizers, steps
from swatchbook.training.devices import import_tensorflow

IMAGES = np.random.default_rng(0).random((5, 2, 2, 1), np.float32)
LABELS = np.eye(3, dtype=np.float32)[[0, 1, 2, 2, 0]]
SETTINGS = {"epochs": 1, "optimizer": {"sgd": {}}, "learning_rate": 1.0, "clip_norm": None}


@pytest.fixture(autouse=True)
def tensorflow() -> None:
    import_tensorflow()


def step(
    label_smoothing: float, *layers: dict[str, Any], class_weights: np.ndarray | None = None
) -> tuple[Any, list[np.ndarray], Any]:
    """Make one step with a rate of one: the model, its gradients, what was counted."""
    import tensorflow as tf

    model = models.build([*layers, {"flatten": {}}], (2, 2, 1), 3, 0, "float32")
    before = [weights.numpy() for weights in model.trainable_variables]
    optimizer = optimizers.build(SETTINGS, model, steps_an_epoch=1)
    update = steps.make_update(model, optimizer, label_smoothing, False, class_weights)
    weights = tf.ones(len(IMAGES))
    sums = update(tf.constant(IMAGES), tf.constant(LABELS), weights, tf.constant(5.0))
    after = [weights.numpy() for weights in model.trainable_variables]
    return model, [b - a for b, a in zip(before, after, strict=True)], sums.numpy()


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_a_smoothed_label_is_spread_over_all_classes(smoothing: float) -> None:
    model, (kernel, bias), (loss, _) = step(smoothing)
    flat = IMAGES.reshape(5, -1)
    logits = flat @ (model.layers[-1].kernel.numpy() + kernel)  # as they were before the step
    likelihoods = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    targets = (1 - smoothing) * LABELS + smoothing / 3
    np.testing.assert_allclose(kernel, flat.T @ (likelihoods - targets) / 5, atol=1e-5)
    np.testing.assert_allclose(bias, (likelihoods - targets).mean(0), atol=1e-5)
    assert loss == pytest.approx(-(targets * np.log(likelihoods)).sum(), rel=1e-5)


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_balanced_classes_pull_alike_whatever_their_number(smoothing: float) -> None:
    weights = steps.class_weights(LABELS, "balanced")
    np.testing.assert_allclose(weights, [5 / 6, 5 / 3, 5 / 6])
    model, (kernel, _), sums = step(smoothing, class_weights=weights)
    flat = IMAGES.reshape(5, -1)
    logits = flat @ (model.layers[-1].kernel.numpy() + kernel)
    likelihoods = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    targets = (1 - smoothing) * LABELS + smoothing / 3
    pulls = (likelihoods - targets) * weights[LABELS.argmax(1)][:, np.newaxis]
    np.testing.assert_allclose(kernel, flat.T @ pulls / 5, atol=1e-5)
    np.testing.assert_allclose(sums, step(smoothing)[2], rtol=1e-6)


def test_a_class_without_training_images_is_no_division_by_zero() -> None:
    weights = steps.class_weights(LABELS[:, [0, 1, 2, 2]] * [1, 1, 1, 0], "balanced")
    assert np.isfinite(weights).all()
    assert steps.class_weights(LABELS, None) is None


def test_weight_decay_pulls_weights_towards_zero_and_is_not_in_the_loss_that_is_told() -> None:
    conv = {"filters": 2, "kernel": 1, "activation": "linear"}
    with_decay = {"conv": {**conv, "weight_decay": 0.5}}
    model, gradients, sums = step(0.0, with_decay)
    _, without, same = step(0.0, {"conv": conv})
    began = model.layers[0].kernel.numpy() + gradients[0]
    np.testing.assert_allclose(gradients[0] - without[0], 0.5 * began, atol=1e-5)
    np.testing.assert_allclose(sums, same, rtol=1e-6)
