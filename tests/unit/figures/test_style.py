"""Figures are saved whole, and say what they cannot show."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from swatchbook.figures import style


def test_a_figure_that_cannot_be_drawn_leaves_the_one_before(tmp_path: Path) -> None:
    figure, _ = style.new(2, 1)
    style.save(figure, tmp_path, "accuracy")
    before = (tmp_path / "accuracy.svg").read_bytes()

    class Broken(Figure):
        def savefig(self, path: Path, **options: object) -> None:
            Path(path).write_text("<svg")
            raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        style.save(Broken(), tmp_path, "accuracy")
    assert (tmp_path / "accuracy.svg").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["accuracy.png", "accuracy.svg"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("short", "short"), ("x" * 14, "x" * 14), ("x" * 15, "x" * 13 + "…"), ("", "")],
)
def test_long_names_are_shortened_to_fit(name: str, expected: str) -> None:
    assert style.shortened(name) == expected


def test_characters_that_the_font_lacks_are_named_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, title in (("first", "狸 と 犬 & ß"), ("second", "狸")):
        figure, ((axes,),) = style.new(2, 2)
        axes.set_title(title)
        style.save(figure, tmp_path, name)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("swatchbook: warning: the font has no 狸 と 犬: PNG figures show boxes")
    assert "狸 と 犬 &amp; ß" in (tmp_path / "first.svg").read_text(encoding="utf-8")


def test_other_warnings_of_a_figure_are_passed_on(tmp_path: Path) -> None:
    figure, _ = style.new(0.2, 0.2)
    figure.suptitle("far too much for so little room")
    with pytest.warns(UserWarning, match="constrained_layout not applied"):
        style.save(figure, tmp_path, "small")


def test_images_on_a_sheet_keep_their_proportions() -> None:
    _, ((axes,),) = style.new(2, 2)
    style.show_sheet(axes, [[np.zeros((10, 20, 3)), np.zeros((20, 5, 1))]], 2, gap=0.1)
    extents = [image.get_extent() for image in axes.images]
    assert np.allclose(extents, [(0, 0.9, 0.45, 0), (1, 1.225, 0.9, 0)])


@pytest.mark.parametrize(("models", "grows"), [(2, False), (24, True)])
def test_a_legend_of_many_models_lies_within_the_figure_and_leaves_the_axes_their_height(
    models: int, grows: bool
) -> None:
    figure, ((axes,),) = style.new(7, 3)
    for number in range(models):
        axes.plot([number, 1], label=f"a model with a long name, number {number}")
    style.legend(figure, 4)
    figure.canvas.draw()
    (written,) = figure.legends
    assert len(written.get_texts()) == models
    box = written.get_window_extent()
    assert 0 <= box.x0 < box.x1 <= figure.bbox.x1
    assert box.y1 <= figure.bbox.y1
    assert axes.get_window_extent().height > 100
    assert (figure.get_figheight() > 3) == grows
