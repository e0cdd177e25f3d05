"""Models' names in their colour, wherever a sentence has them."""

import re
from collections.abc import Callable, Mapping

from markupsafe import Markup, escape

from swatchbook.report.sentences import capital


def in_colour(colours: Mapping[str, str]) -> Callable[[str], Markup]:
    """Return a filter that marks the models' names in a sentence, and escapes the rest.

    A name is found as a whole word, also with a capital at the beginning of a sentence.

    Parameters
    ----------
    colours
        Each model's colour, by its name.
    """
    known = {form: model for model in colours for form in (capital(model), model)}
    longest_first = sorted(known, key=len, reverse=True)
    pattern = re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, longest_first))})(?![\w-])")

    def marked(text: str) -> Markup:
        parts = pattern.split(text)
        return Markup("").join(
            named(part, colours[known[part]]) if place % 2 else escape(part)
            for place, part in enumerate(parts)
        )

    return marked


def named(text: str, colour: str) -> Markup:
    """Return a name in its colour."""
    return Markup('<b class="model" style="--c:{}">{}</b>').format(colour, text)
