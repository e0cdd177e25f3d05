"""The reference of the configuration begins with a table of contents that has all of it."""

import re

from paths import ROOT

README = ROOT / "config" / "README.md"


def slug(heading: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def contents_of(text: str) -> str:
    """Return the table of contents of a document: its headings below the first, by level."""
    without_code = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^(##+) (.+)$", without_code, flags=re.MULTILINE)
    return "".join(
        f"{'  ' * (len(level) - 2)}- [{heading}](#{slug(heading)})\n" for level, heading in headings
    )


def test_the_table_of_contents_has_every_heading_in_its_order() -> None:
    text = README.read_text(encoding="utf-8")
    (written,) = re.findall(r"\n\n((?: *- \[.*\]\(#.*\)\n)+)\n", text.partition("\n## ")[0] + "\n")
    assert written == contents_of(text), "put this in its place:\n" + contents_of(text)


def test_an_anchor_is_githubs() -> None:
    assert slug("`config.yaml`") == "configyaml"
    assert slug("94 % on CIFAR-10") == "94--on-cifar-10"
