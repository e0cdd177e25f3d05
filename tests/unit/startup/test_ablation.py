"""Of each change there is a model that has it and is the base in everything else."""

from typing import Any

import pytest

from paths import ROOT
from swatchbook.errors import ConfigurationError
from swatchbook.startup import configuration
from training_inputs import SGD

SCHEMA = ROOT / "workflow" / "schemas" / "config.schema.json"
LAYERS = [{"conv": {"filters": 4}}, {"pool": {}}, {"flatten": {}}, {"dense": {"units": 8}}]


def checked(changes: Any, base: str = "base", **more: Any) -> dict[str, Any]:
    config = {
        "datasets": ["a"],
        "models": {"base": {"layers": LAYERS}, "other": {"layers": LAYERS}},
        "ablation": {"base": base, "changes": changes},
    }
    return configuration.checked_config(config | more, SCHEMA, "config.yaml")


def test_each_value_of_each_change_is_a_model_behind_those_that_are_written_out() -> None:
    found = checked(
        {
            "optimizer": {
                "path": "training.optimizer",
                "values": [{"sgd": {"momentum": 0.9}}, {"adamw": {}}],
            },
            "filters": {"path": "layers[0].conv.filters", "values": [2, 16]},
            "rate": {"path": "training.learning_rate", "values": [0.01, {"peak": 0.1}]},
            "flips": {"path": "training.augmentation", "value": [{"flip": {}}]},
            "depth": {
                "path": "layers",
                "values": {"none": [{"flatten": {}}], "one": LAYERS[:3]},
            },
        }
    )
    assert list(found["models"]) == [
        *("base", "other", "base-optimizer-sgd", "base-optimizer-adamw"),
        *("base-filters-2", "base-filters-16", "base-rate-0-01", "base-rate-peak"),
        *("base-flips", "base-depth-none", "base-depth-one"),
    ]
    base, models = found["models"]["base"], found["models"]
    assert models["base-filters-16"]["layers"][0]["conv"]["filters"] == 16
    assert models["base-filters-16"]["layers"][1:] == base["layers"][1:]
    assert models["base-filters-16"]["training"] == base["training"]
    sgd = SGD | {"momentum": 0.9}
    assert models["base-optimizer-sgd"] == base | {
        "training": base["training"] | {"optimizer": {"sgd": sgd}}
    }
    assert models["base-depth-none"]["layers"] == [{"flatten": {}}]
    assert found["ablation"]["variants"]["base-rate-0-01"] == {
        "change": "rate",
        "path": "training.learning_rate",
        "value": 0.01,
        "shown": "0-01",
    }
    assert base["layers"][0]["conv"]["filters"] == 4, "the base stays"


def test_all_are_compared_with_the_base() -> None:
    changes = {"flips": {"path": "training.augmentation", "value": [{"flip": {}}]}}
    assert checked(changes, base="other")["comparison"]["reference"] == "other"
    found = checked(changes, base="other", comparison={"reference": "other"})
    assert found["comparison"]["reference"] == "other"


def test_what_the_base_leaves_to_defaults_can_be_changed() -> None:
    changes = {"beta": {"path": "training.optimizer.adam.beta_1", "value": 0.5}}
    optimizer = checked(changes)["models"]["base-beta"]["training"]["optimizer"]
    assert optimizer == {"adam": {"beta_1": 0.5, "beta_2": 0.999, "epsilon": 1e-07}}


GRID = {
    "rate": {"path": "training.learning_rate", "values": [0.01, 0.001]},
    "batch": {"path": "training.batch_size", "values": {"small": 64, "usual": 128}},
}


def gridded(grid: Any, **more: Any) -> dict[str, Any]:
    config = {
        "datasets": ["a"],
        "models": {"base": {"layers": LAYERS}},
        "ablation": {"base": "base", "grid": grid, **more},
    }
    return configuration.checked_config(config, SCHEMA, "config.yaml")


def test_a_grid_makes_all_combinations_and_the_base_stands_for_the_one_that_it_is() -> None:
    flips = {"flips": {"path": "training.augmentation", "value": [{"flip": {}}]}}
    found = gridded(GRID, changes=flips)
    models = found["models"]
    assert list(models) == [
        *("base", "base-flips", "base-rate-0-01-batch-small", "base-rate-0-01-batch-usual"),
        "base-rate-0-001-batch-small",
    ]
    assert models["base-rate-0-01-batch-small"]["training"] == models["base"]["training"] | {
        "learning_rate": 0.01,
        "batch_size": 64,
    }
    assert found["ablation"]["cells"] == {
        "base-rate-0-01-batch-small": ["0.01", "64"],
        "base-rate-0-01-batch-usual": ["0.01", "128"],
        "base-rate-0-001-batch-small": ["0.001", "64"],
        "base": ["0.001", "128"],
    }
    variants = found["ablation"]["variants"]
    assert list(variants) == list(models)[1:]
    assert variants["base-rate-0-001-batch-small"] == {
        "change": "grid",
        "path": "training.learning_rate, training.batch_size",
        "value": {"rate": 0.001, "batch": 64},
        "cell": ["0.001", "64"],
    }


@pytest.mark.parametrize(
    ("grid", "told"),
    [
        ({"rate": GRID["rate"]}, "allowed: two axes or more (one alone is a change), each with"),
        ({**GRID, "batch": {"path": "training.batch_size"}}, "grid.batch.values' is missing"),
        ({**GRID, "batch": {"path": "batch", "values": [1]}}, "'ablation.grid.batch.path' is"),
        (
            {**GRID, "batch": {"path": "training.learning_rate", "values": [1, 2]}},
            "makes the same model twice, base-rate-0-01-batch-1 and base-rate-0-001-batch-1",
        ),
        ({**GRID, "batch": {"path": "training.batch_size", "values": [0]}}, "batch_size' is 0"),
    ],
)
def test_a_grid_that_makes_no_models_is_refused(grid: Any, told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        gridded(grid)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_ablation_without_changes_and_grid_is_refused() -> None:
    config = {"datasets": ["a"], "models": {"base": {"layers": LAYERS}}}
    with pytest.raises(ConfigurationError, match="allowed: base, and changes, grid or both"):
        configuration.checked_config(config | {"ablation": {"base": "base"}}, SCHEMA, "c.yaml")


def test_a_change_of_training_sets_some_of_its_keys_and_leaves_the_others_of_the_base() -> None:
    own = {"layers": LAYERS, "training": {"epochs": 3, "batch_size": 32}}
    values = {"sgd": {"optimizer": {"sgd": {}}, "batch_size": 64}}
    changes = {"a": {"path": "training", "values": values}}
    models = checked(changes, models={"base": own})["models"]
    assert models["base-a-sgd"]["training"] == models["base"]["training"] | {
        "optimizer": {"sgd": SGD},
        "batch_size": 64,
    }
    assert models["base-a-sgd"]["training"]["epochs"] == 3


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"a": {"path": "layers[7].conv", "value": 1}},
            'changes.a.path\' is "layers[7].conv", and',
        ),
        ({"a": {"path": "seeds", "value": 1}}, 'path\' is "seeds"; allowed: training or layers'),
        ({"a": {"path": "layers[0]..conv", "value": 1}}, "allowed: training or layers"),
        ({"a": {"path": "training.epochs"}}, "'ablation.changes.a' needs value or values, one of"),
        ({"a": {"path": "training.epochs", "value": 1, "values": [2]}}, "needs value or values"),
        ({"a": {"path": "training.epochs", "values": []}}, "allowed: a list of values, or names"),
        ({"a": {"path": "training.epochs", "vale": 1}}, "did you mean 'value'?"),
        ({"a": {"path": "training.epochs", "value": 0}}, "'models.base-a.training.epochs' is 0"),
        ({"a b": {"path": "training.epochs", "value": 2}}, 'has the key "a b"'),
        (
            {
                "a": {"path": "training.epochs", "values": [2]},
                "a-2": {"path": "training.epochs", "value": 3},
            },
            "makes a second model base-a-2",
        ),
    ],
)
def test_a_change_that_makes_no_model_is_refused(changes: Any, told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        checked(changes)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_base_that_is_no_model_and_another_reference_are_refused() -> None:
    changes = {"a": {"path": "training.epochs", "value": 2}}
    with pytest.raises(
        ConfigurationError, match=r"'ablation\.base' is \"bass\"; allowed: base, other"
    ):
        checked(changes, base="bass")
    with pytest.raises(ConfigurationError, match="allowed with an ablation: its base, base"):
        checked(changes, comparison={"reference": "other"})
