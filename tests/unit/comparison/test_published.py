"""What others published is told as they published it."""

import pandas as pd
import pytest

from paths import PUBLISHED
from swatchbook.comparison import published


@pytest.mark.parametrize(
    ("epochs", "edition", "length", "last"),
    [
        (1, "10-pass edition", 1, 0.835),
        (10, "10-pass edition", 10, 0.9013),
        (11, "200-pass edition", 11, None),
        (200, "200-pass edition", 200, 0.9187),
        (300, "200-pass edition", 200, 0.9187),
    ],
)
def test_the_edition_is_the_shortest_that_is_long_enough(
    epochs: int, edition: str, length: int, last: float | None
) -> None:
    run = published.tutorial_run(PUBLISHED, "fashion-mnist", epochs)
    assert set(run["edition"]) == {edition}
    assert run["epoch"].tolist() == list(range(1, length + 1))
    assert last is None or run["test_accuracy"].iloc[-1] == last


def test_the_best_printed_accuracies_are_those_of_the_tutorial() -> None:
    assert published.tutorial_run(PUBLISHED, "fashion-mnist", 10)["test_accuracy"].max() == 0.9026
    run = published.tutorial_run(PUBLISHED, "fashion-mnist", 200)
    assert run["test_accuracy"].max() == 0.9208
    assert run.loc[run["test_accuracy"].idxmax(), "epoch"] == 132


def test_the_tutorial_printed_nothing_of_other_data_sets() -> None:
    assert published.tutorial_run(PUBLISHED, "cifar10", 10) is None


@pytest.mark.parametrize(
    ("accuracy", "inside"),
    [(119 / 128, True), (119 / 128 + 1e-4, False), (119 / 128 - 1e-4, False)],
)
def test_what_was_printed_is_inside_but_for_its_rounding(accuracy: float, inside: bool) -> None:
    columns = ["test_accuracy", "last_batch_loss", "last_batch_accuracy"]
    history = pd.DataFrame([[0.8, 0.3, 0.9], [0.8, 0.3, accuracy]], columns=columns)
    table = published.tutorial_table([history, history], PUBLISHED, "fashion-mnist")
    batches = table[table["metric"] == "last_batch_accuracy"]
    assert batches["printed"].tolist() == [0.84375, 0.92969]  # 108 and 119 of 128
    assert batches["inside"].tolist() == [False, inside]


def test_every_published_result_has_its_source_and_its_protocol() -> None:
    found = published.results(PUBLISHED, "fashion-mnist") + published.results(PUBLISHED, "cifar10")
    assert len(found) >= 8
    for row in found:
        assert 0.5 < row["accuracy"] < 1
        is_ours = row["source"] == "workflow/published/tutorial_log.csv"
        assert row["source"].startswith(("https://", "http://")) or is_ours
        assert len(row["protocol"]) > 20
    assert published.results(PUBLISHED, "own-images") == []
