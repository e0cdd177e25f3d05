"""A search that could not be done is refused in one line before its first trial."""

from typing import Any

import pytest

from paths import ROOT
from swatchbook.errors import ConfigurationError
from swatchbook.startup import config_files, configuration
from training_inputs import SGD

SCHEMA = ROOT / "workflow" / "schemas" / "config.schema.json"
LAYERS = [{"conv": {"filters": 4}}, {"pool": {}}, {"flatten": {}}, {"dense": {"units": 8}}]
RATE = {"path": "training.learning_rate", "low": 1e-4, "high": 1e-2, "log": True}
FILTERS = {"path": "layers[0].conv.filters", "low": 2, "high": 8, "integer": True}
SEARCH = {"base": "base", "space": {"rate": RATE}, "trials": 6, "batch": 2}


def checked(search: Any, **more: Any) -> dict[str, Any]:
    config = {
        "datasets": ["a"],
        "models": {"base": {"layers": LAYERS}, "other": {"layers": LAYERS}},
        "search": search,
    }
    return configuration.checked_config(config | more, SCHEMA, "config.yaml")


def test_without_the_key_nothing_is_searched() -> None:
    config = {"datasets": ["a"], "models": {"base": {"layers": LAYERS}}}
    assert configuration.checked_config(config, SCHEMA, "config.yaml")["search"] is None


def test_what_is_left_out_has_its_default() -> None:
    found = checked({key: SEARCH[key] for key in ("base", "space", "trials")})
    search = found["search"]
    assert search["batch"] == 4
    assert search["seed"] == 1000
    assert search["sampler"] == {"tpe": {"startup": 10}}
    assert search["pruner"] is None
    assert search["monitor"] == "val_accuracy"
    assert search["space"]["rate"] == RATE | {"step": None, "integer": False}
    assert search["derived"] == {"model": found["models"]["base"], "epochs": 10}
    assert list(found["models"]) == ["base", "other"], "no trial is a model to be compared"


def test_values_have_their_own_defaults_and_names() -> None:
    space = {
        "optimizer": {"path": "training.optimizer", "values": [{"sgd": {}}, {"adam": {}}]},
        "depth": {"path": "layers", "values": {"none": [{"flatten": {}}], "one": LAYERS[:3]}},
        "long": {"path": "training.epochs", "low": 2, "high": 30, "integer": True},
    }
    search = checked({**SEARCH, "space": space})["search"]
    assert search["space"]["optimizer"]["values"]["sgd"] == {"sgd": SGD}
    assert search["space"]["depth"]["values"]["one"][0]["conv"]["padding"] == "same"
    assert search["derived"]["epochs"] == 30, "a job asks for the time of the longest trial"


def test_a_value_of_training_changes_its_own_keys_only() -> None:
    values = {"fast": {"optimizer": {"sgd": {}}, "batch_size": 64}, "slow": {"batch_size": 32}}
    space = {"recipe": {"path": "training", "values": values}, "rate": RATE}
    found = checked({**SEARCH, "space": space})["search"]["space"]["recipe"]["values"]
    assert found == {"fast": {"optimizer": {"sgd": SGD}, "batch_size": 64}, "slow": values["slow"]}


@pytest.mark.parametrize(
    ("dimension", "told"),
    [
        ({"path": "training.learning_rat", "low": 0.1, "high": 1}, "unknown key 'training.learni"),
        ({"path": "rate", "low": 0.1, "high": 1}, "'search.space.x.path' is \"rate\"; allowed: tr"),
        ({"path": "layers[9].conv", "values": [1, 2]}, "and the base has no [9] there"),
        ({**RATE, "low": 0.1, "high": 0.1}, "'search.space.x.low' is 0.1; allowed: less than hig"),
        ({**RATE, "low": 1, "high": 0.1}, "'search.space.x.low' is 1; allowed: less than high, 0."),
        ({**RATE, "low": 0}, "'search.space.x.low' is 0; allowed with log: more than 0"),
        ({**RATE, "step": 0.1}, "'search.space.x.step' stands beside log"),
        ({**RATE, "log": False, "low": 0}, "makes of 0.0 a model that is refused: key 'training.l"),
        ({**FILTERS, "step": 7}, "'search.space.x.step' is 7; allowed: at most high - low, 6"),
        ({**FILTERS, "low": 2.5}, "'search.space.x.low' is 2.5; allowed with integer: a whole"),
        ({**FILTERS, "integer": False}, "(set integer: true in search.space.x)"),
        ({"path": "layers", "values": [LAYERS, [{"conv": {"filters": 2}}]]}, "ends with images"),
        ({"path": "training.optimizer", "values": [{"sdg": {}}, {"adam": {}}]}, "did you mean 'sg"),
        ({"path": "training.epochs", "values": [1]}, "names and values, at least two"),
        ({"path": "training.epochs"}, "'search.space.x' needs values, or low and high, one of"),
        ({"path": "training.epochs", "low": 1}, "needs values, or low and high, one of them"),
        ({"path": "training.epochs", "values": [1, 2], "low": 1}, "one of them"),
        ({"path": "training.epochs", "values": [1, 2], "log": True}, "stands beside values"),
        ({"path": "training.threads", "values": [1, 2]}, "allowed: what a model learns by"),
        ({"path": "training.epochs", "low": 1, "high": 2, "steps": 1}, "did you mean 'step'?"),
    ],
)
def test_a_bad_dimension_is_refused(dimension: Any, told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        checked({**SEARCH, "space": {"x": dimension}})
    assert told in str(caught.value)
    assert "probe" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_trial_whose_phases_do_not_fit_is_refused() -> None:
    start = {"file": "a.keras", "sha256": "0" * 64, "frozen": {"epochs": 3}}
    training = {"start_from": start | {"then": {"learning_rate": 0.001}}}
    models = {"base": {"layers": LAYERS, "training": training}}
    epochs = {"path": "training.epochs", "low": 2, "high": 9, "integer": True}
    told = (
        "'search.space.x' makes of 2 a model that is refused: key 'training.start_from.frozen."
        "epochs' is 3; allowed where epochs is 2: less than that"
    )
    with pytest.raises(ConfigurationError) as caught:
        checked({**SEARCH, "space": {"x": epochs}}, models=models)
    assert told in str(caught.value)
    checked({**SEARCH, "space": {"x": epochs | {"low": 4}}}, models=models)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"trials": 0}, "'search.trials' is 0; allowed: a whole number, at least 1"),
        ({"batch": 7}, "'search.batch' is 7; allowed: at most search.trials, 6"),
        ({"space": {}}, "'search.space' is {}; allowed: keys and values, at least 1 of them"),
        (
            {"base": "bass"},
            "'search.base' is \"bass\"; allowed: base, other (did you mean 'base'?)",
        ),
        ({"sampler": {"grid": {}}}, "unknown key 'search.sampler.grid'; allowed here: random, tpe"),
        ({"pruner": {"median": {"warmup": 0}}}, "'search.pruner.median.warmup' is 0; allowed: a"),
        ({"pruner": {"successive_halving": {"factor": 1}}}, "at least 2"),
        ({"monitor": "accuracy"}, 'allowed: "val_loss", "val_accuracy"'),
        ({"seed": 7}, "'search.seed' is 7; allowed: none of seeds"),
        (
            {"space": {"a": RATE, "b": RATE}},
            "'search.space.a' and 'search.space.b' change the same",
        ),
        (
            {
                "space": {
                    "a": {"path": "training.optimizer", "values": [{"sgd": {}}, {"adam": {}}]},
                    "b": {"path": "training.optimizer.adam.beta_1", "low": 0.1, "high": 0.9},
                }
            },
            "change the same of a model",
        ),
        (
            {
                "space": {
                    "a": {"path": "training", "values": [{"learning_rate": 1}, {"epochs": 2}]},
                    "b": RATE,
                }
            },
            "change the same of a model",
        ),
    ],
)
def test_a_bad_search_is_refused(change: Any, told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        checked({**SEARCH, **change})
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_seed_of_a_list_is_not_the_searchs() -> None:
    assert checked({**SEARCH, "seed": 7}, seeds=[0, 1, 2])["search"]["seed"] == 7
    with pytest.raises(ConfigurationError, match=r"search\.seed' is 1; allowed: none of seeds"):
        checked({**SEARCH, "seed": 1}, seeds=[0, 1, 2])


def test_a_later_file_gives_another_sampler_in_the_place_of_the_earlier() -> None:
    merged = {"search": {"sampler": {"tpe": {}, "random": {}}}}
    given = {"search": {"sampler": {"random": {}}}}
    assert config_files.overlaid(merged, given) == given
