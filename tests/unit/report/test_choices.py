"""The images that are chosen are those that their list or cell is said to be of."""

import numpy as np
import pytest

from swatchbook.report import choices

# Four test images of the classes 0 0 1 1, two seeds; the mean probabilities of three classes.
LABELS = np.array([0, 0, 1, 1])
CALLED = np.array([[1, 1, 1, 0], [1, 0, 1, 0]])
MEANS = np.array([[0.1, 0.8, 0.1], [0.5, 0.4, 0.1], [0.2, 0.7, 0.1], [0.9, 0.05, 0.05]])


def test_a_confusion_matrix_counts_all_seeds() -> None:
    assert choices.confusion(LABELS, CALLED, 3).tolist() == [[1, 3, 0], [2, 2, 0], [0, 0, 0]]


def test_wrong_are_the_images_that_every_seed_gets_wrong_the_surest_first() -> None:
    (entry,) = choices.wrong_lists(LABELS, {"a": CALLED}, {"a": MEANS})
    assert entry["rows"] == [3, 0]
    assert entry["of"] == 2


def test_right_are_the_images_that_every_seed_gets_right() -> None:
    (entry,) = choices.right_lists(LABELS, {"a": CALLED})
    assert entry["rows"] == [2]


def test_only_are_the_images_on_which_all_seeds_of_two_models_disagree() -> None:
    right = np.array([[0, 0, 1, 1]] * 2)
    called = {"ref": CALLED, "other": right}
    one, other = choices.only_lists(LABELS, called, {"ref": MEANS, "other": MEANS}, "ref")
    assert (one["model"], one["other"], one["rows"]) == ("other", "ref", [3, 0])
    assert (other["model"], other["other"], other["rows"]) == ("ref", "other", [])


def test_a_cell_has_its_images_those_of_most_seeds_first() -> None:
    cells = choices.cell_rows(LABELS, CALLED, MEANS)
    assert next(iter(cells)) == "0-1"  # the fullest
    assert cells["0-1"] == [0, 1]  # both seeds, then one
    assert cells["1-0"] == [3]
    assert cells["0-0"] == [1]
    assert "2-2" not in cells


def test_the_budget_leaves_out_images_and_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choices, "BUDGET", 5)
    cells = {"a": {"0-0": [1, 2, 3], "0-1": [4]}, "b": {"0-0": [5, 6], "1-0": [7, 8]}}
    rows = choices.within_budget([[0]], cells)
    assert rows == [0, 1, 4, 5, 7]
    assert choices.within_budget([list(range(9))], cells) == list(range(9))


def test_cells_are_as_many_as_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choices, "BUDGET", 2)
    assert list(choices.cell_rows(LABELS, CALLED, MEANS)) == ["0-1", "1-0"]
