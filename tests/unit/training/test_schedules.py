"""The learning rate of every step is what the configuration says, and what the optimiser gets."""

from typing import Any

import numpy as np
import pytest

from paths import ROOT
from swatchbook.errors import ConfigurationError
from swatchbook.startup import configuration
from swatchbook.training import models, optimizers
from swatchbook.training.devices import import_tensorflow
from swatchbook.training.schedules import rates

SCHEMA = ROOT / "workflow" / "schemas" / "config.schema.json"


def checked(learning_rate: Any) -> Any:
    config = {
        "datasets": ["a"],
        "models": {"plain": {"layers": [{"flatten": {}}]}},
        "training": {"learning_rate": learning_rate},
    }
    return configuration.checked_config(config, SCHEMA, "c.yaml")["training"]["learning_rate"]


def curve(schedule: dict[str, Any], epochs: int = 4, steps: int = 25, **more: Any) -> np.ndarray:
    found = rates(checked({"peak": 2.0, "schedule": schedule, **more}), epochs, steps)
    assert found.shape == (epochs * steps,)
    assert found.dtype == np.float64
    return found


def test_a_number_is_the_rate_of_every_step() -> None:
    assert rates(0.25, 2, 3).tolist() == [0.25] * 6


def test_a_training_may_end_within_an_epoch() -> None:
    assert rates(0.25, 1.5, 3).tolist() == [0.25] * 5
    assert len(rates(0.25, 9.9, 48)) == 476  # 475.2
    assert len(rates(0.25, 0.3, 10)) == 3  # 0.3 * 10 is a little more than 3 in floating point


def test_constant_stays_at_the_peak() -> None:
    assert set(curve({"constant": {}}).tolist()) == {2.0}


def test_step_falls_after_each_so_many_epochs() -> None:
    found = curve({"step": {"every": 2, "factor": 0.5}}, epochs=5, steps=10)
    np.testing.assert_allclose(found, [2.0] * 20 + [1.0] * 20 + [0.5] * 10, rtol=1e-6)


def test_exponential_falls_by_the_same_factor_towards_its_end() -> None:
    found = curve({"exponential": {"end": 0.01}})
    np.testing.assert_allclose(found[1:] / found[:-1], 0.01 ** (1 / 100), rtol=1e-5)
    assert found[0] == 2.0


def test_cosine_is_half_way_down_in_the_middle() -> None:
    found = curve({"cosine": {"end": 0.1}})
    assert found[0] == 2.0
    assert found[50] == pytest.approx(2.0 * 0.55)
    assert found[-1] == pytest.approx(0.2, abs=0.01)
    assert (np.diff(found) < 0).all()


def test_triangular_rises_to_its_top_and_falls_to_its_end() -> None:
    found = curve({"triangular": {"start": 0.2, "top": 0.25, "end": 0.07}})
    assert found[0] == pytest.approx(0.4)
    assert found.argmax() == 25 and found[25] == 2.0
    np.testing.assert_allclose(np.diff(found[:26]), 1.6 / 25, rtol=1e-4)
    np.testing.assert_allclose(np.diff(found[25:]), -1.86 / 75, rtol=1e-4)


def test_a_warm_up_rises_from_zero_and_the_schedule_covers_the_rest() -> None:
    found = curve({"cosine": {}}, warmup=0.2)
    np.testing.assert_allclose(found[:20], 2.0 * np.arange(1, 21) / 21, rtol=1e-6)
    np.testing.assert_allclose(found[20:], curve({"cosine": {}}, epochs=1, steps=80), rtol=1e-6)


def test_epochs_of_a_step_are_epochs_with_a_warm_up_too() -> None:
    found = curve({"step": {"every": 1, "factor": 0.5}}, epochs=4, steps=10, warmup=0.25)
    np.testing.assert_allclose(found[10:], [2.0] * 10 + [1.0] * 10 + [0.5] * 10, rtol=1e-6)


@pytest.mark.parametrize(
    ("learning_rate", "told"),
    [
        (0, "is 0; allowed: a number, more than 0, or peak, schedule and warmup"),
        ({"schedule": {"cosine": {}}}, "key 'training.learning_rate.peak' is missing"),
        ({"peak": 0}, "key 'training.learning_rate.peak' is 0; allowed: a number, more than 0"),
        ({"peak": 1, "warmup": 1}, "warmup' is 1; allowed: a number, at least 0, less than 1"),
        ({"peak": 1, "schedule": {"cosin": {}}}, "did you mean 'cosine'?"),
        ({"peak": 1, "schedule": {"exponential": {}}}, "schedule.exponential.end' is missing"),
        ({"peak": 1, "schedule": {"step": {"evry": 3}}}, "did you mean 'every'?"),
    ],
)
def test_what_is_no_learning_rate_is_refused(learning_rate: Any, told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        checked(learning_rate)
    assert told in str(caught.value)


def test_the_optimiser_takes_each_steps_rate() -> None:
    import_tensorflow()
    setting = checked({"peak": 0.5, "schedule": {"triangular": {}}, "warmup": 0.1})
    settings = {
        "epochs": 2,
        "optimizer": {"sgd": {}},
        "learning_rate": setting,
        "clip_norm": None,
    }
    model = models.build([{"flatten": {}}], (2, 2, 1), 3, 0, "float32")
    optimizer = optimizers.build(settings, model, steps_an_epoch=5)
    weights, biases = model.trainable_variables
    moved = []
    for _ in range(10):
        before = weights.numpy()
        optimizer.apply(
            [np.ones(weights.shape, np.float32), np.zeros(biases.shape, np.float32)],
            model.trainable_variables,
        )
        moved.append(float((before - weights.numpy()).mean()))
    np.testing.assert_allclose(moved, rates(setting, 2, 5), rtol=1e-4)
