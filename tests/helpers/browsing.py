"""Pages from files in Chromium, and what they complain about."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PHONE = {"width": 360, "height": 740}
WIDE = {"width": 1280, "height": 900}

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")


@contextmanager
def launched() -> Iterator[Browser]:
    """Start Chromium without a window."""
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-quic"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


class Opened:
    """A page in the browser, and everything that it complained about."""

    def __init__(self, browser: Browser, file: Path, **options: object):
        self.context = browser.new_context(**{"viewport": WIDE, **options})
        self.page: Page = self.context.new_page()
        self.said: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.said.append("dialog"), dialog.dismiss()))
        self.page.on("request", self._asked)
        self.page.goto(file.as_uri())

    def _asked(self, request: object) -> None:
        if not request.url.startswith(("file:", "data:")):
            self.said.append(request.url)


def complaints(page: Page, address: str) -> list[str]:
    """Return a list that a page adds to: what it complains about, what it asks for elsewhere."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: (said.append("dialog"), dialog.dismiss()))
    page.on(
        "request",
        lambda request: request.url.startswith((address, "data:")) or said.append(request.url),
    )
    return said
