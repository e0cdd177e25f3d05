"""What a search has found: the best of its trials, as a model that can be compared."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from made_search import CONFIG, SCHEMA, checked, make_search, trial
from swatchbook.errors import SearchError
from swatchbook.files import read_json
from swatchbook.startup import config_files, configuration
from training_inputs import SGD

TRIALS = [trial(0, 0.5), trial(1, None, "diverged"), trial(2, 0.9, "pruned"), trial(3, 0.7)]


def folder_of(tmp_path: Path) -> Path:
    folder = tmp_path / "made-up" / "search"
    folder.mkdir(parents=True)
    return folder


def best(tmp_path: Path, trials: list[dict[str, Any]], **search: Any) -> int:
    folder = make_search(folder_of(tmp_path), trials, checked(**search))
    return read_json(folder / "search.json")["best"]["number"]


def test_the_best_is_one_that_came_to_its_end(tmp_path: Path) -> None:
    assert best(tmp_path, TRIALS) == 3


def test_of_losses_the_least_is_the_best(tmp_path: Path) -> None:
    assert best(tmp_path, TRIALS, monitor="val_loss") == 0


def test_of_equally_good_trials_the_first_is_the_best(tmp_path: Path) -> None:
    assert best(tmp_path, [trial(0, 0.5), trial(1, 0.7), trial(2, 0.7), trial(3, 0.1)]) == 1


def test_a_search_of_which_no_trial_came_to_its_end_found_nothing(tmp_path: Path) -> None:
    with pytest.raises(SearchError) as caught:
        make_search(folder_of(tmp_path), [trial(n, None, "diverged") for n in range(2)])
    assert "none of 2 trials came to its end: the loss is no finite number in epoch 1, step 1" in (
        str(caught.value)
    )
    assert "\n" not in str(caught.value)


def test_what_is_written_beside_the_configuration_is_compared_with_the_base(
    tmp_path: Path,
) -> None:
    """As Snakemake reads it behind the configuration that was searched."""
    path = make_search(folder_of(tmp_path), [*TRIALS, trial(4, 0.8)]) / "best.yaml"
    text = path.read_text(encoding="utf-8")
    assert "so it flatters" in text and "validation" in text
    assert f"--configfile config/config.yaml results/{path.parent.parent.name}/search/" in text
    given = yaml.safe_load(text)
    assert list(given) == ["models"]
    assert given["models"]["baseline-for-made-up"]["training"].keys() == {
        "learning_rate",
        "optimizer",
    }, "what all trainings have is not written out"
    config = configuration.checked_config(
        {**CONFIG, "models": {**CONFIG["models"], **config_files.read(path)["models"]}},
        SCHEMA,
        "config.yaml",
    )
    model, base = (config["models"][name] for name in ("baseline-for-made-up", "baseline"))
    assert model["training"] == base["training"] | {
        "learning_rate": 0.005,
        "optimizer": {"sgd": SGD},
    }
    assert model["layers"] == base["layers"]


def test_where_models_are_compared_with_another_the_base_becomes_the_reference(
    tmp_path: Path,
) -> None:
    path = make_search(folder_of(tmp_path), TRIALS, checked(base="dropout")) / "best.yaml"
    assert config_files.read(path)["comparison"] == {"reference": "dropout"}


def test_every_trial_is_in_the_table_and_the_figure_has_the_best_so_far(tmp_path: Path) -> None:
    folder = make_search(folder_of(tmp_path), TRIALS)
    table = pd.read_csv(folder / "trials.csv")
    assert table.columns.tolist() == [
        *("number", "state", "value", "epochs", "seconds"),
        *("parameters.rate", "parameters.optimizer"),
    ]
    assert table["state"].tolist() == ["complete", "diverged", "pruned", "complete"]
    assert table["epochs"].tolist() == [2, 0, 2, 2]
    assert table["value"].isna().tolist() == [False, True, False, False]
    drawn = pd.read_csv(folder / "search.csv")
    assert drawn["best_so_far"].tolist() == [0.5, 0.5, 0.5, 0.7]
    assert {"search.svg", "search.png"} <= {path.name for path in folder.iterdir()}
    found = read_json(folder / "search.json")
    assert found["states"] == {"complete": 2, "diverged": 1, "pruned": 1}
    assert found["seconds"] == 120
    assert found["importances"] is None


def test_importances_are_told_where_there_are_enough_trials(tmp_path: Path) -> None:
    folder = make_search(folder_of(tmp_path), [trial(n, 0.5 + n / 100) for n in range(20)])
    found = read_json(folder / "search.json")["importances"]
    assert found.keys() == {"rate", "optimizer"}
    assert sum(found.values()) == pytest.approx(1)
