"""The same search asks for the same trials, and prunes by earlier batches alone."""

import builtins
import math
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from swatchbook.errors import SearchError
from swatchbook.search import engine

SPACE = {
    "rate": {"path": "p", "low": 1e-4, "high": 1.0, "step": None, "log": True, "integer": False},
    "filters": {"path": "q", "low": 2, "high": 16, "step": 2, "log": False, "integer": True},
    "optimizer": {"path": "r", "values": {"sgd": {"sgd": {}}, "adam": {"adam": {}}}},
}
SEARCH = {
    "space": SPACE,
    "sampler": {"tpe": {"startup": 4}},
    "seed": 3,
    "batch": 3,
    "pruner": {"median": {"startup": 2, "warmup": 1}},
    "monitor": "val_accuracy",
}
Trial = dict[str, Any]


def curve(parameters: Any) -> list[float]:
    """Four epochs of a made-up training: the best rate is 0.01."""
    height = 0.9 - 0.1 * abs(math.log10(parameters["rate"]) + 2)
    return [height * (1 - 0.5**epoch) for epoch in range(1, 5)]


def tried(search: Any, earlier: Sequence[Trial], number: int, parameters: Any) -> Trial:
    """What `train_trial` would write."""
    values: list[float] = []
    is_over = False
    for value in curve(parameters):
        values.append(value)
        is_over = len(values) < 4 and engine.has_no_hope(search, earlier, values)
        if is_over:
            break
    return {
        "number": number,
        "parameters": dict(parameters),
        "state": engine.PRUNED if is_over else engine.COMPLETE,
        "value": values[-1],
        "values": values,
        "notes": engine.notes(search, earlier, values),
    }


def searched(search: Any, trials: int, known: Sequence[Trial] = ()) -> list[Trial]:
    """Do a whole search, each batch in a study of its own, as jobs do."""
    done = list(known)
    while len(done) < trials:
        asked = engine.ask(search, done, min(search["batch"], trials - len(done)))
        before = list(done)
        done += [tried(search, before, len(before) + n, one) for n, one in enumerate(asked)]
    return done


@pytest.fixture(scope="module")
def done() -> list[Trial]:
    return searched(SEARCH, 21)


def test_a_parameter_is_in_its_dimension(done: list[Trial]) -> None:
    for trial in done:
        parameters = trial["parameters"]
        assert 1e-4 <= parameters["rate"] <= 1 and isinstance(parameters["rate"], float)
        assert parameters["filters"] in range(2, 17, 2) and type(parameters["filters"]) is int
        assert parameters["optimizer"] in ("sgd", "adam")
    assert len({trial["parameters"]["rate"] for trial in done}) == len(done)


def test_the_same_search_asks_for_the_same_trials_again(done: list[Trial]) -> None:
    assert searched(SEARCH, 21) == done
    assert searched({**SEARCH, "seed": 4}, 3) != done[:3]


def test_a_search_goes_on_as_if_it_had_never_stopped(done: list[Trial]) -> None:
    for batches in (1, 2, 5):
        assert searched(SEARCH, 21, done[: batches * SEARCH["batch"]]) == done


def test_more_trials_are_more_batches_and_the_same_before_them(done: list[Trial]) -> None:
    assert searched(SEARCH, 15) == done[:15]


def test_a_fresh_sampler_that_is_only_told_of_finished_trials_asks_for_others(
    done: list[Trial],
) -> None:
    """This is why a study is replayed, and not made of its finished trials."""
    optuna = engine.library()
    study = optuna.create_study(direction="maximize", sampler=engine._sampler(SEARCH))
    distributions = engine._distributions(SPACE)
    for trial in done[:15]:
        study.add_trial(
            optuna.trial.create_trial(
                value=trial["value"], params=trial["parameters"], distributions=distributions
            )
        )
    assert study.ask(distributions).params != done[15]["parameters"]


def test_what_came_of_trials_decides_where_later_ones_are(done: list[Trial]) -> None:
    others = [trial | {"state": "complete", "value": 0.95} for trial in done[9:12]]
    assert engine.ask(SEARCH, [*done[:9], *others], 3) != [one["parameters"] for one in done[12:15]]
    rates = [abs(math.log10(trial["parameters"]["rate"]) + 2) for trial in done]
    assert sum(rates[12:]) / len(rates[12:]) < sum(rates[:3]) / 3, "it finds where it is good"


def test_random_trials_do_not_depend_on_what_came_of_others() -> None:
    random = {**SEARCH, "sampler": {"random": {}}, "pruner": None}
    known = searched(random, 6)
    others = [trial | {"value": 0.0, "values": [0.0]} for trial in known]
    assert engine.ask(random, others, 3) == engine.ask(random, known, 3)


def test_trials_of_another_search_are_refused(done: list[Trial]) -> None:
    other = done[4] | {"parameters": done[4]["parameters"] | {"filters": 99}}
    with pytest.raises(SearchError, match=r"trial 4 was .*99.* and would be .* now") as caught:
        engine.ask(SEARCH, [*done[:4], other, done[5]], 3)
    assert "\n" not in str(caught.value) and "Optuna is 5." in str(caught.value)


@pytest.mark.parametrize(
    "pruner",
    [{"median": {"startup": 2}}, {"successive_halving": {"warmup": 1, "factor": 2}}],
    ids=["median", "successive_halving"],
)
def test_some_trials_are_pruned_and_the_search_is_the_same_again(pruner: Any) -> None:
    search = {**SEARCH, "pruner": pruner}
    found = searched(search, 12)
    assert {trial["state"] for trial in found} == {"complete", "pruned"}
    assert all(trial["state"] == "complete" for trial in found[:3]), "there was no batch before"
    assert searched(search, 12, found[:6]) == found


def test_halving_lets_the_best_of_so_many_go_on_to_the_next_step() -> None:
    search = {**SEARCH, "pruner": {"successive_halving": {"warmup": 1, "factor": 2}}}
    trial = {"parameters": {}, "state": "complete"}

    def after(values: list[float]) -> Trial:
        return trial | {
            "value": values[-1],
            "values": values,
            "notes": engine.notes(search, [], values),
        }

    earlier = [after([0.5, 0.6, 0.6, 0.6]), after([0.7, 0.8, 0.8, 0.8])]
    assert earlier[0]["notes"] == {"completed_rung_0": 0.5, "completed_rung_1": 0.6} | {
        "completed_rung_2": 0.6
    }
    assert engine.has_no_hope(search, earlier, [0.6])
    assert not engine.has_no_hope(search, earlier, [0.75])
    assert engine.has_no_hope(search, earlier, [0.75, 0.7])
    assert not engine.has_no_hope(search, earlier, [0.75, 0.81])


def test_the_median_prunes_a_loss_that_is_high() -> None:
    search = {**SEARCH, "monitor": "val_loss"}
    earlier = [
        {"state": "complete", "value": loss, "values": [loss, loss], "notes": {}}
        for loss in (0.3, 0.5, 0.7)
    ]
    assert engine.has_no_hope(search, earlier, [0.6])
    assert not engine.has_no_hope(search, earlier, [0.4])
    assert not engine.has_no_hope(search, earlier[:1], [0.6]), "one is not enough"
    assert not engine.has_no_hope({**search, "pruner": None}, earlier, [0.6])


def test_a_trial_that_diverged_teaches_where_not_to_ask(done: list[Trial]) -> None:
    def with_outcome(state: str) -> list[Trial]:
        return [
            trial | {"state": state, "value": None, "values": []}
            if trial["parameters"]["rate"] > 0.01
            else trial
            for trial in known
        ]

    random = {**SEARCH, "sampler": {"random": {}}, "pruner": None}
    known = searched(random, 3)
    learned = {**SEARCH, "sampler": {"tpe": {"startup": 1}}, "pruner": None}
    known = searched(learned, 3)
    assert any(trial["parameters"]["rate"] > 0.01 for trial in known)
    asked = engine.ask(learned, with_outcome(engine.DIVERGED), 3)
    assert asked == engine.ask(learned, with_outcome(engine.DIVERGED), 3)
    assert asked != engine.ask(learned, known, 3)


def test_importances_add_up_and_find_what_matters() -> None:
    random = {**SEARCH, "sampler": {"random": {}}, "pruner": None}
    found = engine.importances(random, searched(random, 60))
    assert sum(found.values()) == pytest.approx(1)
    assert next(iter(found)) == "rate"


def test_a_missing_optuna_is_told_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real: Callable[..., Any] = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name == "optuna":
            raise ImportError("No module named 'optuna'")
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(SearchError) as caught:
        engine.ask(SEARCH, [], 1)
    told = "a search needs Optuna: No module named 'optuna' (pip install -c constraints.txt -e .)"
    assert str(caught.value) == told
