"""When a sequential comparison looks follows from the configuration alone."""

import pytest

from swatchbook.comparison import looks


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (3, 20, [3, 5, 8, 12, 20]),
        (3, 8, [3, 5, 8]),
        (3, 4, [3, 4]),
        (5, 50, [5, 8, 13, 20, 32, 50]),
    ],
)
def test_looks_grow_by_about_the_same_factor(first: int, last: int, expected: list[int]) -> None:
    assert looks.schedule(first, last) == expected


@pytest.mark.parametrize("first", [3, 4, 7, 30])
def test_the_first_and_the_last_number_of_seeds_are_looked_at(first: int) -> None:
    for last in range(first + 1, 200):
        found = looks.schedule(first, last)
        assert (found[0], found[-1]) == (first, last)
        assert sorted(set(found)) == found


def config(seeds: object) -> dict:
    return {
        "datasets": ["a", "b"],
        "models": {"one": {}, "two": {}, "three": {}},
        "seeds": seeds,
        "comparison": {"margin": 1.5},
    }


def test_a_list_of_seeds_is_no_sequential_design() -> None:
    assert looks.design(config([0, 7])) is None
    assert looks.first_seeds([0, 7]) == [0, 7]


def test_the_design_counts_the_comparisons_of_all_data_sets() -> None:
    seeds = {"from": 3, "to": 8, "until": "decided"}
    assert looks.design(config(seeds)) == {"looks": [3, 5, 8], "margin": 1.5, "comparisons": 4}
    assert looks.first_seeds(seeds) == [0, 1, 2]
