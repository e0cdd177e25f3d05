"""A page as its HTML says it, for what needs no browser."""

import html
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path


def text_of(path: Path) -> str:
    """A page's source with models' names as plain text, and no entities."""
    return html.unescape(re.sub(r"</?b\b[^>]*>", "", path.read_text(encoding="utf-8")))


# Elements without an end tag.
VOID = {"meta", "br", "img", "link", "hr", "input", "base", "source", "wbr", "col"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    parent: "Element | None"
    texts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        # A model's name is an element of its own, also before a comma.
        return re.sub(r" (?=[,.;:)])", "", " ".join(" ".join(self.texts).split()))

    def is_in(self, other: "Element") -> bool:
        return self.parent is not None and (self.parent is other or self.parent.is_in(other))


class Page(HTMLParser):
    """A page's elements in the order of the document, and each one's text with its children's."""

    def __init__(self, path: Path):
        super().__init__()
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.source = path.read_text(encoding="utf-8")
        self.feed(self.source)
        self.close()
        assert [element.tag for element in self._open] == []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attributes}) == len(attributes)
        parent = self._open[-1] if self._open else None
        element = Element(tag, {name: value or "" for name, value in attributes}, parent)
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().tag == tag

    def handle_data(self, text: str) -> None:
        for element in self._open:
            element.texts.append(text)

    def all(self, tag: str, inside: Element | None = None) -> list[Element]:
        return [
            element
            for element in self.elements
            if element.tag == tag and (inside is None or element.is_in(inside))
        ]

    def one(self, tag: str) -> Element:
        (element,) = self.all(tag)
        return element

    @property
    def ids(self) -> list[str]:
        return [e.attributes["id"] for e in self.elements if "id" in e.attributes]
