"""Models' names stand in their colour, and are text whatever they are."""

import pytest

from swatchbook.report.naming import in_colour

COLOURS = {"base": "#111111", "base-wide": "#222222", "<b>": "#333333"}


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("than base.", 'than <b class="model" style="--c:#111111">base</b>.'),
        ("Base helps", '<b class="model" style="--c:#111111">Base</b> helps'),
        ("base-wide wins", '<b class="model" style="--c:#222222">base-wide</b> wins'),
        ("a <b> & c", 'a <b class="model" style="--c:#333333">&lt;b&gt;</b> &amp; c'),
        ("baseless database base-deep", "baseless database base-deep"),
    ],
)
def test_whole_names_are_marked_and_everything_is_escaped(text: str, marked: str) -> None:
    assert in_colour(COLOURS)(text) == marked


def test_models_that_share_a_colour_are_underlined_otherwise() -> None:
    models = {f"m{number}": f"#{number % 6}00000" for number in range(30)}
    marked = in_colour(models)
    assert marked("m5") == '<b class="model" style="--c:#500000">m5</b>'
    assert marked("m6") == '<b class="model turn-1" style="--c:#000000">m6</b>'
    assert marked("m18") == '<b class="model turn-3" style="--c:#000000">m18</b>'
    assert marked("m24") == '<b class="model turn-0" style="--c:#000000">m24</b>'
