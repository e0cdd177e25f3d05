"""Differences of very unlike sizes can be read off one axis."""

from collections.abc import Sequence
from typing import Any

import pytest
from matplotlib.axes import Axes

from swatchbook.figures import side_by_side, style


def drawn(*differences: float) -> Axes:
    """Draw differences in points, each one point of accuracy to either side."""
    found: Sequence[dict[str, Any]] = [
        {"difference": points / 100, "interval": [points / 100 - 0.01, points / 100 + 0.01]}
        for points in differences
    ]
    _, ((axes,),) = style.new(5, 3)
    for place, one in enumerate(found):
        axes.plot([100 * end for end in one["interval"]], [place, place])
    side_by_side._leave_out_of_scale(axes, found)
    return axes


@pytest.mark.parametrize(("far", "text"), [(-81.02, "← −81.0"), (55.5, "55.5 →")])
def test_an_effect_far_beyond_the_others_is_written_and_leaves_them_room(
    far: float, text: str
) -> None:
    axes = drawn(far, -1.5, 0.2, 0.5, 1)
    assert [label.get_text() for label in axes.texts] == [text]
    low, high = axes.get_xlim()
    assert low == -high
    assert 2.5 < high < 4


@pytest.mark.parametrize("differences", [(), (3,), (-4, -1.5, 0.2, 0.5, 1), (0, 0)])
def test_effects_of_like_sizes_are_all_drawn(differences: Sequence[float]) -> None:
    assert not list(drawn(*differences).texts)
