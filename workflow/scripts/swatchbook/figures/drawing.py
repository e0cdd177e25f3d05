"""Draws every figure of one data set's comparison."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl

from swatchbook.figures import (
    catalogue,
    inputs,
    learning,
    pairs,
    predictions,
    side_by_side,
    style,
)

# The catalogue names them in words, which the digests of code do not follow: a module that draws
# for a comparison stands here, so that a change in it draws again.
DRAWING = (learning, pairs, predictions, side_by_side)


def draw_comparison(
    results: str | Path,
    models: Sequence[str],
    seeds: Sequence[int],
    reference: str,
    classes: Sequence[str],
    published_folder: str | Path,
    output: str | Path,
    facts: Collection[str] = (),
    detailed: Sequence[str] | None = None,
    ablation: inputs.Ablation | None = None,
) -> None:
    """Draw every figure of one data set's comparison as SVG and PNG, with its numbers as CSV.

    Parameters
    ----------
    results
        The data set's folder.
    models, seeds
        Which cells there are.
    reference
        The model that the others are compared with.
    classes
        The class names.
    published_folder
        Where the tutorial's printed figures are.
    output
        The folder to draw into.
    facts
        What holds of `catalogue.facts`.
    detailed
        The models that are shown one by one; all of them if it is ``None``.
    ablation
        What an ablation made.
    """
    of = inputs.read(Path(results), models, seeds, reference, classes, published_folder, ablation)
    in_detail = replace(of, models=models if detailed is None else detailed)
    with mpl.rc_context(style.STYLE):
        for figure in catalogue.drawn(facts, "figures"):
            figure.draw(in_detail if figure.in_detail else of, Path(output))
