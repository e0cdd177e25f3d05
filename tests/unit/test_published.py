"""What others published is told as they published it."""

from pathlib import Path

import pytest

from swatchbook import published

FOLDER = Path(__file__).parents[2] / "workflow" / "published"


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
    run = published.tutorial_run(FOLDER, "fashion-mnist", epochs)
    assert set(run["edition"]) == {edition}
    assert run["epoch"].tolist() == list(range(1, length + 1))
    assert last is None or run["test_accuracy"].iloc[-1] == last


def test_the_best_printed_accuracies_are_those_of_the_tutorial() -> None:
    assert published.tutorial_run(FOLDER, "fashion-mnist", 10)["test_accuracy"].max() == 0.9026
    run = published.tutorial_run(FOLDER, "fashion-mnist", 200)
    assert run["test_accuracy"].max() == 0.9208
    assert run.loc[run["test_accuracy"].idxmax(), "epoch"] == 132


def test_the_tutorial_printed_nothing_of_other_data_sets() -> None:
    assert published.tutorial_run(FOLDER, "cifar10", 10) is None


def test_every_published_result_has_its_source_and_its_protocol() -> None:
    found = published.results(FOLDER, "fashion-mnist") + published.results(FOLDER, "cifar10")
    assert len(found) >= 8
    for row in found:
        assert 0.5 < row["accuracy"] < 1
        assert (
            row["source"].startswith(("https://", "http://")) or row["source"] == "tutorial_log.csv"
        )
        assert len(row["protocol"]) > 20
    assert published.results(FOLDER, "own-images") == []
