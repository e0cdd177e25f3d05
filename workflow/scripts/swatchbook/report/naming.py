"""Models' names in their colour, wherever a sentence has them."""

import re
from collections.abc import Callable, Mapping

from markupsafe import Markup, escape

from swatchbook.figures.colours import model_turns
from swatchbook.report.sentences import capital

TURNS = 4  # ways of underlining, in workflow/report/style.css


def in_colour(colours: Mapping[str, str]) -> Callable[[str], Markup]:
    """Return a filter that marks the models' names in a sentence, and escapes the rest.

    A name is found as a whole word, also with a capital at the beginning of a sentence.

    Parameters
    ----------
    colours
        Each model's colour, by its name.
    """
    turns = model_turns(list(colours))
    known = {form: model for model in colours for form in (capital(model), model)}
    longest_first = sorted(known, key=len, reverse=True)
    pattern = re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, longest_first))})(?![\w-])")

    def marked(text: str) -> Markup:
        parts = pattern.split(text)
        return Markup("").join(
            named(part, colours[known[part]], turns[known[part]]) if place % 2 else escape(part)
            for place, part in enumerate(parts)
        )

    return marked


def named(text: str, colour: str, turn: int = 0) -> Markup:
    """Return a name in its colour, and underlined as its turn says."""
    of_turn = f" turn-{turn % TURNS}" if turn else ""
    return Markup('<b class="model{}" style="--c:{}">{}</b>').format(of_turn, colour, text)
