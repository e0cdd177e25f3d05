"""Asking for a batch of trials: whole models, known when all earlier batches have ended."""

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from swatchbook.errors import ConfigurationError, SearchError
from swatchbook.files import read_json, write_json
from swatchbook.search import engine, space
from swatchbook.training import layer_order, training_keys

logger = logging.getLogger(__name__)


def ask_trials(
    search: Mapping[str, Any],
    base: Mapping[str, Any],
    outcomes: Iterable[str | Path],
    count: int,
    output: str | Path,
) -> None:
    """Write which trials a batch has: ``number``, ``parameters`` and ``model`` of each.

    Beside these ``trials`` the file has ``earlier``, what came of all trials before: what decides
    whether one of these is pruned.

    Parameters
    ----------
    search
        As in `engine.ask`.
    base
        The whole model that is varied.
    outcomes
        The files of all trials of earlier batches, as `trials.train_trial` writes them.
    count
        How many trials to ask for.
    output
        The JSON file to write.

    Raises
    ------
    SearchError
        As `engine.ask`; if the parameters of a trial do not go together.
    """
    earlier = sorted((read_json(path) for path in outcomes), key=lambda outcome: outcome["number"])
    asked = engine.ask(search, earlier, count)
    trials = []
    for number, parameters in enumerate(asked, len(earlier)):
        logger.info("trial %d: %s", number, parameters)
        model = _model(search, base, number, parameters)
        trials.append({"number": number, "parameters": parameters, "model": model})
    write_json(output, {"earlier": earlier, "trials": trials})


def _model(
    search: Mapping[str, Any], base: Mapping[str, Any], number: int, parameters: space.Parameters
) -> dict[str, Any]:
    """Return a trial's model, checked for what several of its parameters can only say together.

    Each by itself was checked with the configuration. That is not done in full again: what checks a
    configuration would become a part of what trials depend on, and train all of them anew with each
    change in it.
    """
    where = f"trial {number} of the search"
    model = space.model_of(base, search["space"], parameters, where)
    try:
        training_keys.check(model["training"], "training", where)
        layer_order.check_stack(model["layers"], "layers", where)
    except ConfigurationError as error:
        raise SearchError(
            f"{error.what}, made by {parameters}",
            where=where,
            hint="let no two dimensions of search.space make what does not go together",
        ) from error
    return model
