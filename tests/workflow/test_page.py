"""The report in a real browser."""

import shutil
import subprocess
from pathlib import Path

import pytest

from project import Project

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync "
    "--disable-background-networking --disable-component-update --enable-logging=stderr "
    "--virtual-time-budget=2000 --dump-dom"
)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")


def opened(page: Path, profile: Path) -> tuple[str, list[str]]:
    """Open a page and return its document after loading, and what stands on the console."""
    done = subprocess.run(
        [str(CHROMIUM), *FLAGS.split(), f"--user-data-dir={profile}", page.as_uri()],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def test_the_report_opens_with_nothing_on_the_console(finished: Project, tmp_path: Path) -> None:
    document, console = opened(finished.work / "results/report.html", tmp_path)
    assert console == []
    assert document.count("<svg") == document.count("</svg>") > 10


def test_the_console_is_really_looked_at(finished: Project, tmp_path: Path) -> None:
    """A script that slipped in is refused by the page's own policy, and the console says so."""
    page = (finished.work / "results/report.html").read_text()
    spoilt = tmp_path / "spoilt.html"
    spoilt.write_text(page.replace("</main>", "<script>document.title = 'ran'</script></main>"))
    document, console = opened(spoilt, tmp_path / "profile")
    assert "<title>ran</title>" not in document
    assert any("Content Security Policy" in line for line in console)
