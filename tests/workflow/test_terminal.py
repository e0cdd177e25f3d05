"""Real runs of Snakemake with the plugin, in a terminal and in a pipe.

The workflow is a tiny one whose jobs write what Swatchbook's do; a job that is to be seen while it
runs waits until the test has seen it.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from paths import ROOT
from terminals import CTRL_C, Terminal

SNAKEFILE = """\
import json

MANY = expand("results/{n}/a-long-name-that-fills-the-lines-of-snakemakes-terminal", n=range(80))

rule all:
    input: "results/report.html"

rule decode_dataset:
    output: MANY
    shell: "touch {output}"

rule train_model:
    input: MANY
    output: "results/own/{model}/seed-{seed}/model.keras"
    log: "logs/own/{model}/seed-{seed}/train.log"
    shell: "sh train.sh {log} {output} {wildcards.seed}"

checkpoint look_at_runs:
    input: expand("results/own/plain/seed-{seed}/model.keras", seed=[0, 1])
    output: "results/own/looks/2.json"
    shell: "echo 4 > {output}"

def models(wildcards):
    seeds = int(open(checkpoints.look_at_runs.get().output[0]).read())
    return expand("results/own/plain/seed-{seed}/model.keras", seed=range(seeds))

rule write_report:
    input: models
    output: "results/report.html"
    log: "logs/report.log"
    shell:
        "echo '2026-01-01 00:00:00,000 INFO verdict: Dropout is no better.' > {log}; "
        "echo '2026-01-01 00:00:00,000 INFO accuracy: Own: plain 81.20 %' >> {log}; touch {output}"
"""
END = [
    "  Dropout is no better.",
    "  Own: plain 81.20 %",
    "The report is results/report.html: open it in a browser",
    "Next: python -m snakemake --cores 2 export   # the best model in formats to use",
    "Next: python -m snakemake --cores 2 try   # a page to try it in a browser",
]
# An epoch, then it waits at the gate of its seed, if there is one; then another epoch, or an error.
TRAIN = """\
say() { echo "2026-01-01 00:00:$2,000 INFO $1" >> "$log"; }
log=$1
echo "a job's own words" >&2
say "2682 parameters" 00
say "epoch 1 of 2: loss 0.5, accuracy 0.71, validation accuracy 0.812, 1.0 s, 1440 images/s" 10
[ -p "gate-$3" ] && cat "gate-$3"
if [ -e broken ]; then
    error="the loss is no finite number (try another rate)"
    [ -s broken ] || echo "2026-01-01 00:00:19,000 ERROR $error" >> "$log"
    echo "swatchbook: error: $error" >&2
    exit 1
fi
say "epoch 2 of 2: loss 0.4, accuracy 0.72, validation accuracy 0.834, 1.0 s, 1440 images/s" 20
touch "$2"
"""
RUN = [sys.executable, "-m", "snakemake", "--cores", "2"]
STEERING = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
COLOURED = re.compile(r"\x1b\[[0-9;]*3[0-7][0-9;]*m")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    (tmp_path / "train.sh").write_text(TRAIN)
    shutil.copytree(ROOT / "workflow/profiles/default", tmp_path / "profiles/default")
    return tmp_path


@pytest.fixture
def environment() -> dict[str, str]:
    """One in which Snakemake finds the plugin of this checkout."""
    kept = {key: value for key, value in os.environ.items() if key not in ("CI", "NO_COLOR")}
    return {**kept, "PYTHONPATH": str(ROOT / "terminal")}


def piped(folder: Path, environment: dict[str, str], *arguments: str) -> tuple[int, list[str]]:
    done = subprocess.run(
        [*RUN, *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return done.returncode, done.stdout.splitlines()


def open_gate(folder: Path, seed: int) -> None:
    """Let a training that waits at its gate go on."""
    gate = folder / f"gate-{seed}"
    descriptor = os.open(gate, os.O_WRONLY)
    gate.unlink()
    os.close(descriptor)


@pytest.mark.parametrize("columns", [60, 200])
def test_a_run_on_a_terminal_is_drawn_and_ends_with_its_verdict(
    folder: Path, environment: dict[str, str], columns: int
) -> None:
    os.mkfifo(folder / "gate-0")
    terminal = Terminal(columns, 30)
    seen: list[str] = []

    def look(now: Terminal) -> None:
        bars = [line for line in now.shown if "  plain seed 0" in line and "━" in line]
        if bars and not seen:
            seen.extend(now.shown)
            open_gate(folder, 0)

    assert terminal.run(RUN, folder, environment, look) == 0
    (bar,) = (line for line in seen if "  plain seed 0" in line)
    whole = "epoch 2 of 2  validation accuracy 0.812  1,440 images/s"
    assert (whole in bar) == (columns == 200) and "validation" in bar
    assert any(re.match(r" ✓ decode +1 ", line) for line in seen)
    assert any(re.match(r" ▶ train +[01] of 2 ", line) for line in seen)

    end = terminal.shown
    at = next(number for number, line in enumerate(end) if line.startswith(" ✓ decode"))
    assert [re.sub(r" +\d+ (s|min).*", "", line) for line in end[at:]][:4] == [
        " ✓ decode  1",
        " ✓ train   4",  # two more than were planned, since the checkpoint asked for them
        " ✓ decide  1",
        " ✓ report  1",
    ]
    assert re.fullmatch(r"Done in .+: 8 jobs\.", end[at + 4])
    told = "".join(end[at + 5 :]).replace(" ", "")
    assert told == "".join(END).replace(" ", ""), "broken only where the terminal ends"
    assert terminal.all.count("a job's own words") == 4, (
        "what jobs print is neither lost nor drawn over"
    )
    assert_clean(terminal)


def test_a_screen_says_where_the_live_page_is(folder: Path, environment: dict[str, str]) -> None:
    terminal = Terminal(120, 40)
    assert terminal.run([*RUN, "--logger-swatchbook-live=0"], folder, environment) == 0
    assert any(line.startswith("The live page is http://127.0.0.1:") for line in terminal.all)
    assert any(line.startswith("Next: ") for line in terminal.shown)
    assert_clean(terminal)


def assert_clean(terminal: Terminal) -> None:
    assert terminal.has_cursor and terminal.is_plain
    assert "\x1b[?1049h" not in terminal.raw, "no page of its own, so that everything stays"
    longest = max(map(len, STEERING.sub("", terminal.raw).splitlines()))
    assert longest <= 500


@pytest.mark.parametrize("broken", ["", "without a word of it in the log"])
def test_a_failure_on_a_terminal_leaves_its_error_and_how_to_go_on(
    folder: Path, environment: dict[str, str], broken: str
) -> None:
    (folder / "broken").write_text(broken)
    terminal = Terminal(120, 40)
    assert terminal.run([*RUN, "--keep-going"], folder, environment) == 1
    lines = terminal.all
    at = next(number for number, line in enumerate(lines) if line.startswith("Failed after"))
    assert re.match(r"Failed after .+: 1 of \d jobs done, and need not run again\.", lines[at])
    assert lines[at + 1] in {
        f"  train plain seed {seed}: the loss is no finite number (try another rate)"
        for seed in (0, 1)
    }
    assert lines[at + 2].startswith("  before that, in logs/own/plain/seed-")
    assert "epoch 1 of 2" in lines[at + 4]
    assert lines[-1].endswith("go on with: python -m snakemake --cores 2 --keep-going")
    assert not [line for line in lines if "RuleException" in line or "swatchbook: error" in line]
    assert any(line.startswith(" ✓ decode") for line in lines), "what was finished stays said"
    assert_clean(terminal)


def test_ctrl_c_leaves_the_terminal_clean_and_says_how_to_go_on(
    folder: Path, environment: dict[str, str]
) -> None:
    for seed in (0, 1):
        os.mkfifo(folder / f"gate-{seed}")
    terminal = Terminal(100, 30)
    typed: list[bytes] = []

    def look(now: Terminal) -> bytes | None:
        if not typed and any("━" in line for line in now.shown):
            typed.append(CTRL_C)
            return CTRL_C
        return None

    assert terminal.run(RUN, folder, environment, look) == 1
    lines = terminal.shown
    stopped = [line for line in lines if line.startswith("Stopped after")]
    assert len(stopped) == 1 and "1 of 6 jobs done" in stopped[0]
    assert lines[-1] == "To go on: python -m snakemake --cores 2"
    assert "Traceback" not in terminal.raw
    assert_clean(terminal)


def test_in_a_pipe_there_are_only_short_lines(folder: Path, environment: dict[str, str]) -> None:
    status, lines = piped(folder, environment)
    assert status == 0
    assert max(map(len, lines)) < 120
    assert not [line for line in lines if "\x1b" in line or "a-long-name" in line]
    events = [line[9:] for line in lines if re.match(r"\d\d:\d\d:\d\d ", line)]
    assert events[0].startswith("begin    ")
    assert len(events) == 1 + 2 * 7, "a start and an end of each job"
    assert "(8 of 8)" not in events[-1] and "(7 of 8)" in events[-1], "and the target"
    assert lines[-5:] == END
    (log,) = (folder / ".snakemake/log").glob("*.log")
    assert "a-long-name" in log.read_text(), "Snakemake's own log has everything"

    status, lines = piped(folder, environment)
    assert status == 0
    assert lines[1:] == ["Nothing to be done (all requested files are present and up to date)."]


def test_a_dry_run_says_in_short_what_would_run_and_why(
    folder: Path, environment: dict[str, str]
) -> None:
    status, lines = piped(folder, environment, "--dry-run")
    assert status == 0
    rows = [" ".join(line.split()) for line in lines]
    assert "1 decode_dataset output is missing" in rows
    assert "2 train_model plain; seed 0, 1 output is missing" in rows
    assert max(map(len, lines)) < 200


@pytest.mark.parametrize("given", [["--quiet"], ["--quiet", "all"]])
def test_quiet_is_quiet(folder: Path, environment: dict[str, str], given: list[str]) -> None:
    status, lines = piped(folder, environment, *given)
    assert status == 0
    assert set(lines[1:]) == {"a job's own words"}


def test_verbose_says_everything_in_snakemakes_words(
    folder: Path, environment: dict[str, str]
) -> None:
    _, lines = piped(folder, environment, "--verbose", "--dry-run")
    said = "\n".join(lines)
    assert "rule train_model:" in said and "reason: Missing output files" in said


def test_no_color_is_respected(folder: Path, environment: dict[str, str]) -> None:
    coloured, plain = Terminal(), Terminal()
    assert coloured.run(RUN, folder, environment) == 0
    shutil.rmtree(folder / "results")
    assert plain.run(RUN, folder, {**environment, "NO_COLOR": "1"}) == 0
    assert COLOURED.search(coloured.raw)
    assert not COLOURED.search(plain.raw)
    assert_clean(plain)


def test_in_ci_a_terminal_gets_lines_too(folder: Path, environment: dict[str, str]) -> None:
    terminal = Terminal(200, 50)
    assert terminal.run(RUN, folder, {**environment, "CI": "true"}) == 0
    assert "\x1b" not in terminal.raw


def test_without_the_plugin_a_run_is_as_snakemake_has_it(
    folder: Path, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In an environment that another project made, say, or on another machine."""
    hidden = folder / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text(
        "import pkgutil\n"
        "found = pkgutil.iter_modules\n"
        "pkgutil.iter_modules = lambda: (one for one in found() if '_logger_' not in one.name)\n"
    )
    status, lines = piped(folder, {**environment, "PYTHONPATH": str(hidden)}, "--dry-run")
    assert status == 0
    assert "Building DAG of jobs..." in lines


def test_an_error_while_drawing_gives_the_terminal_back_and_ends_nothing(
    folder: Path, environment: dict[str, str]
) -> None:
    broken = folder / "broken-display"
    broken.mkdir()
    (broken / "sitecustomize.py").write_text(
        "from snakemake_logger_plugin_swatchbook import drawing\n"
        "drawing.stages = lambda *given: 1 / 0\n"
    )
    terminal = Terminal(200, 50)
    path = f"{broken}:{environment['PYTHONPATH']}"
    assert terminal.run(RUN, folder, {**environment, "PYTHONPATH": path}) == 0
    told = [line for line in terminal.all if "what shows this run has failed" in line]
    assert len(told) == 1 and "ZeroDivisionError" in told[0]
    assert "8 of 8 steps (100%) done" in terminal.all, "in Snakemake's own words"
    assert terminal.has_cursor
    assert "\n".join(terminal.all).count("a job's own words") == 4


def test_the_command_to_go_on_can_be_another_one(folder: Path, environment: dict[str, str]) -> None:
    (folder / "broken").touch()
    named = {**environment, "SNAKEMAKE_LOGGER_SWATCHBOOK_AGAIN": "make demo"}
    status, lines = piped(folder, named)
    assert status == 1
    assert lines[-1] == "When that is put right, go on with: make demo"
    errors = [line for line in lines if "swatchbook: error" in line]
    assert set(errors) == {"swatchbook: error: the loss is no finite number (try another rate)"}


def test_another_profile_keeps_the_display(folder: Path, environment: dict[str, str]) -> None:
    profile = ROOT / "workflow/profiles/slurm"
    status, lines = piped(folder, environment, "--profile", str(profile), "--dry-run")
    assert status == 0
    assert any("would run" in line for line in lines)
