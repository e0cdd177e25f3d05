"""The live page: a real run, its page over loopback, and browsers that look at it."""

import http.client
import json
import os
import signal
import socket
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from browsing import PHONE, complaints, needs_chromium
from live_runs import LiveRun, new_folder, running
from project import Project

HOSTILE = '<img src=x onerror="alert(1)">'


def asked(run: LiveRun, path: str, method: str = "GET", **headers: str) -> tuple[int, str]:
    """Ask the server as a browser does not; return the status and what came."""
    port = int(run.address.split(":")[2].partition("/")[0])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def path_of(run: LiveRun) -> str:
    return "/" + run.address.split("/", 3)[3]


def violations(page: Page) -> list[tuple[str, str]]:
    found = Axe().run(page).response["violations"]
    return [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] != "minor"]


@needs_chromium
def test_a_page_grows_with_the_run_and_has_its_report_when_the_run_is_over(
    tmp_path: Path, browser: Browser
) -> None:
    with running(new_folder(tmp_path, title=HOSTILE)) as run:
        pages = [browser.new_page(), browser.new_page(viewport=PHONE, color_scheme="dark")]
        said = [complaints(page, run.address) for page in pages]
        for page in pages:  # two browsers at once
            page.goto(run.address)
            expect(page.get_by_text("epoch 2 of 2")).to_have_count(4)
            assert violations(page) == []
            widths = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
            assert widths[0] <= widths[1], "nothing makes the page scroll sideways"
        first = pages[0]
        assert first.title().startswith("0/10 · ")
        expect(first.get_by_text("81.2 % validation")).to_have_count(4)
        expect(first.get_by_role("heading", name=HOSTILE)).to_be_visible()
        expect(first.locator(".chart svg circle")).to_have_count(4)
        expect(first.locator("#times")).to_contain_text("begun ")
        run.open_gates()
        for page in pages:
            expect(page.get_by_role("status")).to_have_text(
                "The run has ended: everything is done", timeout=60_000
            )
        assert run.ended() == 0, "the server goes with the run"
        expect(first.get_by_text("81.5 %")).to_have_count(4)
        expect(first.locator("#ending")).to_contain_text("Deep is no better.")
        assert violations(first) == []
        for page in pages:
            page.get_by_role("button", name="Open the report").click()
            report = page.frame_locator("#report")
            expect(report.get_by_role("heading", name="The report of the test")).to_be_visible()
            page.go_back()
            expect(page.locator("#ending")).to_be_visible()
        with pytest.raises(ConnectionRefusedError):
            asked(run, "/")
        assert said == [[], []]
        for page in pages:
            page.close()


@needs_chromium
def test_a_failure_is_on_the_page_with_the_logs_last_lines(
    tmp_path: Path, browser: Browser
) -> None:
    (new_folder(tmp_path) / "broken").touch()
    with running(tmp_path, "--keep-going") as run:
        page = browser.new_page()
        said = complaints(page, run.address)
        page.goto(run.address)
        expect(page.get_by_text("epoch 2 of 2")).to_have_count(4)
        run.open_gates()
        expect(page.get_by_role("status")).to_contain_text("ended with an error", timeout=60_000)
        expect(page.locator("#failures")).to_contain_text("the loss is no finite number")
        expect(page.locator("#failures pre").first).to_contain_text("epoch 1 of 2")
        expect(page.locator("#datasets td.failed")).to_have_count(4)
        expect(page.locator("#failures")).to_contain_text("4 jobs have failed")
        expect(page.locator("#ending")).to_contain_text("When that is put right, go on with:")
        assert "no finite number" not in page.locator("#ending").inner_text(), "it is said once"
        assert run.ended() == 1 and said == []
        page.close()


@needs_chromium
def test_ctrl_c_is_told_and_a_killed_run_is_a_lost_connection(
    tmp_path: Path, browser: Browser
) -> None:
    page = browser.new_page()
    with running(new_folder(tmp_path)) as run:
        page.goto(run.address)
        expect(page.get_by_text("epoch 2 of 2")).to_have_count(4)
        run.interrupt()
        expect(page.get_by_role("status")).to_contain_text("The run was stopped", timeout=60_000)
        assert run.ended() == 1
        expect(page.locator("#lost")).to_be_hidden()
    with running(tmp_path, "--rerun-incomplete", "--nolock") as run:
        page.goto(run.address)
        expect(page.locator("#stages")).to_contain_text("train")
        os.killpg(run.process.pid, signal.SIGKILL)
        expect(page.locator("#lost")).to_contain_text("The connection is lost since")
    page.close()


def test_only_the_pages_own_files_are_given_and_only_to_who_knows_the_address(
    tmp_path: Path,
) -> None:
    with running(new_folder(tmp_path)) as run:
        secret = path_of(run)
        port = run.address.split(":")[2].partition("/")[0]
        assert asked(run, secret)[0] == 200
        for host in ("localhost:9000", "localhost", f"127.0.0.1:{port}"):  # of a forwarded port
            assert asked(run, secret, Host=host)[0] == 200
        for host in (f"evil.example:{port}", "evil.example", "", f"127.0.0.1.evil.example:{port}"):
            assert asked(run, secret, Host=host) == (403, "403 Forbidden\n")
        for path in (
            "/",
            "/live.js",
            "/guessed/",
            f"{secret}../live.py",
            f"{secret}Snakefile",
            f"{secret}report.html",  # there is none yet
            f"{secret}%2e%2e/Snakefile",
            f"http://evil.example{secret}",
        ):
            assert asked(run, path)[0] in (403, 404), path
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "HEAD"):
            assert asked(run, secret, method)[0] == 501
        run.interrupt()
        assert run.ended() == 1


def test_headers_let_no_other_script_run_and_nothing_be_kept(tmp_path: Path) -> None:
    with running(new_folder(tmp_path)) as run:
        port = int(run.address.split(":")[2].partition("/")[0])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request("GET", path_of(run))
        headers = connection.getresponse().headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "script-src 'self';" in policy
        assert headers["Cache-Control"] == "no-store"
        assert headers["Server"] == "swatchbook"
        with socket.create_connection(("127.0.0.1", port)) as rude:
            rude.sendall(b"\x16\x03\x01 no HTTP\r\n\r\n")  # and goes
        with socket.create_connection(("127.0.0.1", port)) as other:
            other.sendall(b"GET /\xe9\xff/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert other.recv(100).startswith(b"HTTP/1.0 404 ")
        assert asked(run, path_of(run))[0] == 200
        run.interrupt()
        assert run.ended() == 1
        assert not [line for line in run.said if "Traceback" in line]


def test_a_port_in_use_leads_to_the_next_and_it_is_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with running(new_folder(tmp_path, gates=False), port=port) as run:
            assert f"swatchbook: port {port} is in use, so another one is taken" in run.said
            assert port < int(run.address.split(":")[2].partition("/")[0]) < port + 20
            assert run.ended() == 0


@pytest.mark.parametrize("options", [["--quiet", "all"], ["--logger-swatchbook-style=snakemake"]])
def test_whatever_the_terminal_shows_there_is_a_page(tmp_path: Path, options: list[str]) -> None:
    with running(new_folder(tmp_path, gates=False), *options) as run:
        *_, last = run.states()
        assert run.ended() == 0
    assert last["state"] == "done" and last["finished"] == 10
    assert ("10 of 10 steps (100%) done" in run.said) == (len(options) == 1)


def test_an_error_of_the_page_ends_the_page_and_not_the_run(tmp_path: Path) -> None:
    broken = tmp_path / "broken-page"
    broken.mkdir()
    (broken / "sitecustomize.py").write_text(
        "from snakemake_logger_plugin_swatchbook import live_state\n"
        "live_state.of_run = lambda *given: 1 / 0\n"
    )
    folder = new_folder(tmp_path)
    path = f"{broken}:{Path(__file__).parents[2] / 'terminal'}"
    with running(folder, environment={"PYTHONPATH": path}) as run:
        assert list(run.states()) == []
        run.open_gates()
        assert run.ended() == 0
    told = [line for line in run.said if "the live page has failed" in line]
    assert len(told) == 1 and "ZeroDivisionError" in told[0]
    assert any(line.startswith("Done in") for line in run.said)


def test_the_workflow_tells_of_trainings_that_are_done_already(done: Project) -> None:
    """A run of the report alone starts no training; the page shows them all the same."""
    with running(
        done.folder, *done.OPTIONS, "--forcerun=write_report", "results/report.html"
    ) as run:
        *_, last = run.states()
        assert run.ended() == 0
    (dataset,) = last["datasets"]
    (table,) = dataset["tables"]
    metrics = json.loads((done.work / "results/own-images/plain/seed-0/metrics.json").read_text())
    cell = table["rows"]["plain"]["0"]
    assert cell["state"] == "done" and cell["test"] == metrics["test"]["accuracy"]
    assert len(cell["curve"]) == 1 and cell["images"] == "validation"
    assert last["colours"] == {"plain": "#0072b2", "dropped": "#e69f00"}
    assert any(line.startswith("  own-images") or "test images right:" in line for line in run.said)
