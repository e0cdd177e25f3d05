"""A batch has whole models, and none that could not be trained."""

from pathlib import Path
from typing import Any

import pytest

from made_search import CONFIG, SCHEMA, checked
from swatchbook.errors import SearchError
from swatchbook.files import read_json
from swatchbook.search import ask_trials
from swatchbook.startup import configuration


def asked(tmp_path: Path, **search: Any) -> dict[str, Any]:
    config = checked(**search)
    output = tmp_path / "batch-0.json"
    block = config["search"]
    ask_trials(block, block["derived"]["model"], [], block["batch"], output)
    return read_json(output)


def test_each_trial_is_the_base_with_its_parameters(tmp_path: Path) -> None:
    batch = asked(tmp_path)
    assert batch["earlier"] == []
    base = checked()["models"]["baseline"]
    for number, trial in enumerate(batch["trials"]):
        assert trial["number"] == number
        training = trial["model"]["training"]
        assert training["learning_rate"] == trial["parameters"]["rate"]
        assert list(training["optimizer"]) == [trial["parameters"]["optimizer"]]
        own = {key: training[key] for key in ("learning_rate", "optimizer")}
        assert trial["model"] == base | {"training": base["training"] | own}


FLAT, NORM, DENSE = {"flatten": {}}, {"LayerNormalization": {}}, {"dense": {"units": 8}}
LAYERS = {  # what a layer of Keras gives is not known, so that anything may stand behind it
    "between": {"path": "layers[1]", "values": {"norm": NORM, "drop": {"dropout": {"rate": 0.1}}}},
    "last": {"path": "layers[2]", "values": {"dense": DENSE, "mean": {"global_pool": {}}}},
}
KEYS = {
    "sampling": {"path": "training.sampling", "values": {"no": None, "yes": "balanced"}},
    "weights": {"path": "training.class_weights", "values": {"no": None, "yes": "balanced"}},
}


@pytest.mark.parametrize(
    ("space", "layers", "told"),
    [
        (LAYERS, [FLAT, NORM, DENSE], "key 'layers[2]': global_pool stands"),
        (KEYS, [FLAT], "key 'training.sampling' is"),
    ],
    ids=["layers", "training"],
)
def test_parameters_that_do_not_go_together_are_told_in_one_line(
    tmp_path: Path, space: Any, layers: Any, told: str
) -> None:
    """Each was right by itself, so the configuration was."""
    search = {"base": "baseline", "space": space, "trials": 30, "batch": 30}
    models = {"baseline": {"layers": layers}}
    given = {**CONFIG, "models": models, "search": search}
    block = configuration.checked_config(given, SCHEMA, "config.yaml")["search"]
    with pytest.raises(SearchError) as caught:
        ask_trials(block, block["derived"]["model"], [], 30, tmp_path / "batch-0.json")
    text = str(caught.value)
    assert "trial " in text and told in text and "made by {" in text and "\n" not in text
    assert not (tmp_path / "batch-0.json").exists()
