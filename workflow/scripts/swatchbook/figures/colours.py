"""The models' colours, known without importing what draws."""

from collections.abc import Sequence

# Okabe and Ito (2008): told apart with any kind of colour vision.
MODEL_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00")
# Of classes: Observable's ten, which stand on light and on dark ground.
CLASS_COLOURS = ("#4269d0", "#efb118", "#ff725c", "#6cc5b0", "#3ca951")
CLASS_COLOURS += ("#ff8ab7", "#a463f2", "#97bbf5", "#9c6b4e", "#9498a0")


def model_colours(models: Sequence[str]) -> dict[str, str]:
    """Return each model's colour, the same in every figure and on the page."""
    return {model: MODEL_COLOURS[i % len(MODEL_COLOURS)] for i, model in enumerate(models)}


def model_turns(models: Sequence[str]) -> dict[str, int]:
    """Return how often all colours were given away before each model got its own.

    More colours than six cannot be told apart: models with one colour have another turn, and with
    it other dashes, markers and underlines.
    """
    return {model: i // len(MODEL_COLOURS) for i, model in enumerate(models)}
