"""Optuna, so used that the same search asks for the same trials again.

A sampler draws from a stream of random numbers, and where it is in that stream no list of finished
trials says. So a study is replayed from nothing: each batch is asked for again by a sampler of the
same seed, must be the recorded one, and is told what came of it, in the order of numbers. Pruning
goes by earlier batches only, so that it does not matter which trial of a batch ends first.

Optuna is imported only when there is a study.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any

from swatchbook import signatures
from swatchbook.errors import SearchError
from swatchbook.search.space import Parameters, Space
from swatchbook.signatures import Count

Outcome = Mapping[str, Any]  # see `trials.train_trial`
Factor = Annotated[int, {"minimum": 2}]

COMPLETE, PRUNED, DIVERGED = "complete", "pruned", "diverged"


def tpe(seed: int, *, startup: Count = 10) -> Any:
    """Ask near what was good, after `startup` trials at random.

    J. Bergstra, R. Bardenet, Y. Bengio and B. Kégl, 2011, Algorithms for hyper-parameter
    optimization, NeurIPS: the tree-structured Parzen estimator, over all parameters together.
    """
    return library().samplers.TPESampler(seed=seed, n_startup_trials=startup)


def random(seed: int) -> Any:
    """Ask anywhere."""
    return library().samplers.RandomSampler(seed=seed)


def median(*, startup: Count = 5, warmup: Count = 1) -> Any:
    """End a trial whose best epoch is below the median of others after as many epochs.

    Of those that came to their end, which are at least `startup`; never before epoch `warmup` ends.
    """
    return library().pruners.MedianPruner(n_startup_trials=startup, n_warmup_steps=warmup)


def successive_halving(*, warmup: Count = 1, factor: Factor = 4) -> Any:
    """Let the best of `factor` go on after `warmup` epochs, and after `factor` times as many, …

    L. Li and others, 2020, A system for massively parallel hyperparameter tuning, MLSys.
    """
    return library().pruners.SuccessiveHalvingPruner(min_resource=warmup, reduction_factor=factor)


# A new one is a function above and a line here; its keyword-only parameters are its keys.
SAMPLERS: dict[str, Callable[..., Any]] = {"tpe": tpe, "random": random}
PRUNERS: dict[str, Callable[..., Any]] = {
    "median": median,
    "successive_halving": successive_halving,
}


def library() -> Any:
    """Return Optuna, its messages sent to the job's log.

    Raises
    ------
    SearchError
        If it is not installed.
    """
    try:
        import optuna
    except ImportError as error:
        raise SearchError(
            f"a search needs Optuna: {error}", hint="pip install -c constraints.txt -e ."
        ) from error
    optuna.logging.disable_default_handler()
    optuna.logging.enable_propagation()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def ask(search: Mapping[str, Any], earlier: Sequence[Outcome], count: int) -> list[Parameters]:
    """Return the parameters of the next `count` trials.

    Parameters
    ----------
    search
        The block ``search`` of the configuration: ``space``, ``sampler``, ``seed``, ``batch`` and
        ``monitor``.
    earlier
        What came of all trials of all earlier batches, in the order of their numbers.

    Raises
    ------
    SearchError
        If they are not those that a replay asks for, or Optuna is not installed.
    """
    optuna = library()
    study = optuna.create_study(direction=_direction(search), sampler=_sampler(search))
    distributions = _distributions(search["space"])
    for first in range(0, len(earlier), search["batch"]):
        batch = earlier[first : first + search["batch"]]
        trials = [study.ask(distributions) for _ in batch]
        for trial, outcome in zip(trials, batch, strict=True):
            _check_is_same(trial, outcome)
        for trial, outcome in zip(trials, batch, strict=True):
            _tell(study, trial, outcome)
    return [study.ask(distributions).params for _ in range(count)]


def _check_is_same(trial: Any, outcome: Outcome) -> None:
    if trial.params != outcome["parameters"]:
        raise SearchError(
            f"trial {trial.number} was {dict(outcome['parameters'])} when it was asked for, and "
            f"would be {trial.params} now",
            hint=f"Optuna is {library().__version__}: take the version that it began with, or "
            "begin again with another search.seed",
        )


def _tell(study: Any, trial: Any, outcome: Outcome) -> None:
    for epoch, value in enumerate(_reported(outcome), 1):
        trial.report(value, epoch)
    if outcome["state"] == COMPLETE:
        study.tell(trial, outcome["value"])
    else:
        study.tell(trial, state=library().trial.TrialState.PRUNED)


def _reported(outcome: Outcome) -> list[float]:
    """Return what is known of each epoch; that in which a loss was no number is worse than all.

    So the sampler learns from a trial that diverged, which it would not from a failed one.
    """
    return [*outcome["values"], *([math.nan] if outcome["state"] == DIVERGED else [])]


def has_no_hope(
    search: Mapping[str, Any], earlier: Sequence[Outcome], values: Sequence[float]
) -> bool:
    """Whether a trial is to be pruned after its last epoch so far.

    It depends on nothing but what is given here, so a training that goes on after an interruption
    is told the same.

    Parameters
    ----------
    search
        As in `ask`, with ``pruner``.
    earlier
        What came of all trials of earlier batches.
    values
        What ``monitor`` names, after each of the trial's epochs.
    """
    return bool(search["pruner"]) and _judged(search, earlier, values)[0]


def notes(
    search: Mapping[str, Any], earlier: Sequence[Outcome], values: Sequence[float]
) -> dict[str, Any]:
    """Return what the pruner notes down of a trial, which it asks for when it judges later ones."""
    return _judged(search, earlier, values)[1] if search["pruner"] and values else {}


def _judged(
    search: Mapping[str, Any], earlier: Sequence[Outcome], values: Sequence[float]
) -> tuple[bool, dict[str, Any]]:
    optuna = library()
    ((name, settings),) = search["pruner"].items()
    pruner = PRUNERS[name](**signatures.complete(PRUNERS[name], settings))
    study = optuna.create_study(direction=_direction(search), pruner=pruner)
    study.add_trials([_finished(outcome) for outcome in earlier])
    trial, is_over = study.ask(), False
    for epoch, value in enumerate(values, 1):
        trial.report(value, epoch)
        is_over = trial.should_prune()
    return is_over, dict(study.trials[-1].system_attrs)


def _finished(outcome: Outcome) -> Any:
    """Return a trial as the pruner asks for it, without parameters."""
    optuna = library()
    is_complete = outcome["state"] == COMPLETE
    states = optuna.trial.TrialState
    return optuna.trial.create_trial(
        state=states.COMPLETE if is_complete else states.PRUNED,
        value=outcome["value"] if is_complete else None,
        intermediate_values=dict(enumerate(_reported(outcome), 1)),
        system_attrs=dict(outcome["notes"]),
    )


def importances(search: Mapping[str, Any], outcomes: Iterable[Outcome]) -> dict[str, float]:
    """Return how much each dimension had to do with the best tenth of the trials, together 1.

    S. Watanabe, A. Bansal and F. Hutter, 2023, PED-ANOVA, IJCAI; of the trials that came to their
    end. The most important first.
    """
    optuna = library()
    study = optuna.create_study(direction=_direction(search))
    distributions = _distributions(search["space"])
    study.add_trials(
        optuna.trial.create_trial(
            value=outcome["value"],
            params=dict(outcome["parameters"]),
            distributions=distributions,
        )
        for outcome in outcomes
        if outcome["state"] == COMPLETE
    )
    return optuna.importance.get_param_importances(study)


def _direction(search: Mapping[str, Any]) -> str:
    return "minimize" if search["monitor"] == "val_loss" else "maximize"


def _sampler(search: Mapping[str, Any]) -> Any:
    ((name, settings),) = search["sampler"].items()
    return SAMPLERS[name](search["seed"], **signatures.complete(SAMPLERS[name], settings))


def _distributions(space: Space) -> dict[str, Any]:
    known = library().distributions
    return {
        name: known.CategoricalDistribution(list(dimension["values"]))
        if "values" in dimension
        else _numbers(known, dimension)
        for name, dimension in space.items()
    }


def _numbers(known: Any, dimension: Mapping[str, Any]) -> Any:
    kind = known.IntDistribution if dimension["integer"] else known.FloatDistribution
    step = {} if dimension["step"] is None else {"step": dimension["step"]}
    return kind(dimension["low"], dimension["high"], log=dimension["log"], **step)
