"""`swatchbook predict` says of images what the trained model says, from wherever they come."""

import csv
import io
import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import py7zr
import pytest

from exported import striped
from paths import SCRIPTS
from swatchbook.__main__ import COMMANDS, main
from swatchbook.comparison import metrics
from swatchbook.data import arrays, png
from swatchbook.deployment import classification, data_sheet, found_images
from swatchbook.deployment.classification import Row
from swatchbook.deployment.found_images import Found
from swatchbook.deployment.listings import LISTINGS
from swatchbook.files import write_json
from training_inputs import CLASSES

COMMAND = [sys.executable, "-m", "swatchbook", "predict"]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(SCRIPTS)}


@pytest.fixture(scope="module")
def pixels(run: Path) -> np.ndarray:
    """The test images as they were decoded, uint8."""
    images = arrays.load(run.parents[1] / "arrays", "test")[0]
    return np.rint(images * 255).astype(np.uint8)


@pytest.fixture(scope="module")
def expected(run: Path, made: Path) -> np.ndarray:
    """Their calibrated probabilities, from those that Keras gave."""
    sheet, _ = data_sheet.read(made)
    return metrics.with_temperature(np.load(run / "probabilities.npy"), sheet.temperature)


@pytest.fixture
def folder(tmp_path: Path, pixels: np.ndarray) -> Path:
    """The first 20 test images as PNG files, some further down, and files that are none."""
    place = tmp_path / "images"
    (place / "deep" / "deeper").mkdir(parents=True)
    for number, image in enumerate(pixels[:20]):
        part = place / "deep" / "deeper" if number > 15 else place
        (part / f"{number:03d}.PNG").write_bytes(png.encode(image))
    (place / "labels.csv").write_text("id,label\n")
    return place


def predicted(
    capsys: pytest.CaptureFixture[str], *arguments: str | Path, status: int = 0
) -> list[dict]:
    """Run the command and return its lines of JSON by the number in the file's name."""
    assert main(["predict", *map(str, arguments), "--json"]) == status
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def check(rows: list[dict], expected: np.ndarray) -> None:
    """Check what is said of images whose names are their rows."""
    for row in rows:
        probabilities = expected[int(Path(row["image"]).stem)]
        order = np.argsort(-probabilities)
        said = [row["class"], row["second"], row["third"]]
        assert said == [CLASSES[number] for number in order]
        values = [row["probability"], row["second_probability"], row["third_probability"]]
        assert values == pytest.approx(probabilities[order], abs=1e-4)


def test_a_folder_is_looked_through_in_the_order_of_its_names(
    made: Path, folder: Path, expected: np.ndarray, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = predicted(capsys, made, folder)
    assert [int(Path(row["image"]).stem) for row in rows] == list(range(20))
    assert rows[-1]["image"] == str(folder / "deep" / "deeper" / "019.PNG")
    check(rows, expected)
    assert not all(row["probability"] > 0.99 for row in rows), "else the temperature shows nowhere"


def test_probabilities_are_calibrated(made: Path) -> None:
    logits = np.random.default_rng(0).normal(0, 4, (50, 3)).astype(np.float32)
    plain = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    for temperature in (0.5, 1.0, 2.5):
        found = classification.calibrated(logits, temperature)
        wanted = metrics.with_temperature(plain, temperature)
        np.testing.assert_allclose(found, wanted, atol=1e-6)
    assert data_sheet.read(made)[0].temperature != 1, "else this proves nothing elsewhere"


def test_an_onnx_file_is_a_model_too(
    made: Path, folder: Path, expected: np.ndarray, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = predicted(capsys, made / "model.onnx", folder / "003.PNG", folder / "001.PNG")
    assert [Path(row["image"]).name for row in rows] == ["003.PNG", "001.PNG"]
    check(rows, expected)


def test_an_archive_is_read_without_unpacking(
    made: Path,
    folder: Path,
    expected: np.ndarray,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    archive = tmp_path / "some.7z"
    with py7zr.SevenZipFile(archive, "w") as file:
        for path in sorted(folder.glob("*.PNG")):
            file.write(path, f"in/{path.name}")
        file.write(folder / "labels.csv", "in/labels.csv")
    rows = predicted(capsys, made, archive)
    assert [row["image"] for row in rows] == [f"{archive}/in/{n:03d}.PNG" for n in range(16)]
    check(rows, expected)


def test_an_image_comes_on_standard_input(
    made: Path,
    pixels: np.ndarray,
    expected: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = io.TextIOWrapper(io.BytesIO(png.encode(pixels[7])))
    monkeypatch.setattr(sys, "stdin", given)
    (row,) = predicted(capsys, made, "-")
    assert row["image"] == "-"
    check([row | {"image": "7"}], expected)


def test_what_cannot_be_read_is_told_in_a_line_and_the_others_are_classified(
    made: Path,
    folder: Path,
    expected: np.ndarray,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    image = (folder / "000.PNG").read_bytes()
    (folder / "004.PNG").write_bytes(b"")
    (folder / "005.PNG").write_bytes(image[:-9])
    (folder / "006.PNG").write_bytes(png.encode(np.zeros((9, 8, 3), np.uint8)))
    (folder / "\x1b[31m.png").write_bytes(b"text")
    os.mkfifo(folder / "pipe.png")
    (tmp_path / "broken.7z").write_bytes(b"7z\xbc\xaf\x27\x1c" + bytes(50))
    (tmp_path / "none").mkdir()
    places = [folder, tmp_path / "missing.png", tmp_path / "broken.7z", tmp_path / "none"]
    assert main(["predict", str(made), *map(str, places), "--json"]) == 1
    said = capsys.readouterr()
    rows = [json.loads(line) for line in said.out.splitlines()]
    assert len(rows) == 20 - 3
    check(rows, expected)
    told = said.err.splitlines()
    for name, reason in [
        ("004.PNG", "an empty file"),
        ("005.PNG", "ends too early"),
        ("006.PNG", "8 × 9 pixels instead of 8 × 8"),
        (r"\x1b[31m.png", "no known format"),
        ("pipe.png", "no file"),
        ("missing.png", "there is no such file"),
        ("broken.7z", "7z archive"),
        ("none", "no file whose name ends in .png"),
    ]:
        (line,) = (line for line in told if name in line)
        assert line.startswith("swatchbook: ") and reason in line
    assert len(told) == 8


def test_csv_goes_into_a_pipe_and_has_the_same_numbers(
    made: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / 'a, "b"\nc.png').write_bytes((folder / "000.PNG").read_bytes())
    wanted = predicted(capsys, made, folder)
    done = subprocess.run(
        [*COMMAND, str(made), str(folder)], env=ENVIRONMENT, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert rows == [
        {key: str(value) for key, value in row.items()}
        | {"unlike": "yes" if row["unlike"] else "no"}
        for row in wanted
    ]


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_where_nothing_can_be_read_there_are_errors_only(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    given = ["predict", str(made), str(tmp_path / "broken.png"), str(tmp_path / "missing.png")]
    assert main([*given, *options]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert [line.startswith("swatchbook: ") for line in said.err.splitlines()] == [True, True]


def test_a_terminal_gets_a_table(made: Path, folder: Path) -> None:
    terminal, its_end = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, str(made), "."], cwd=folder, env=ENVIRONMENT, stdout=its_end, stderr=its_end
    )
    os.close(its_end)
    text = b"".join(_read(terminal)).decode().replace("\r\n", "\n")
    assert process.wait() == 0
    heading, *lines = text.splitlines()
    assert heading.split() == ["image", "class", "second", "third", "unlike"]
    assert len(lines) == 20
    assert {line.rfind(" ") for line in lines} <= {heading.index("unlike") - 1}
    assert lines[0].split()[0] == "000.PNG"


def _read(terminal: int) -> Iterator[bytes]:
    while True:
        try:
            text = os.read(terminal, 65536)
        except OSError:  # Linux says so when the other end is closed
            return
        if not text:
            return
        yield text


def test_false_alarms_are_as_many_as_the_sheet_says(made: Path, pixels: np.ndarray) -> None:
    classifier = classification.Classifier(made)
    assert classifier.sheet.unlike is not None

    def share(images: np.ndarray) -> float:
        rows = classifier.classify([str(n) for n in range(len(images))], images)
        return float(np.mean([row.unlike for row in rows]))

    assert share(pixels) == pytest.approx(classifier.sheet.unlike.test)
    assert share(striped(2000, seed=5)[0]) == pytest.approx(0.05, abs=0.05)


def test_without_validation_images_nobody_knows_what_is_unlike(
    made: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = json.loads((made / "model.json").read_text())
    (tmp_path / "model.onnx").write_bytes((made / "model.onnx").read_bytes())
    write_json(tmp_path / "model.json", sheet | {"unlike": None, "temperature": 1.0})
    rows = predicted(capsys, tmp_path, folder)
    assert {row["unlike"] for row in rows} == {None}


@pytest.mark.parametrize("kind", list(LISTINGS))
def test_two_classes_have_no_third(kind: str) -> None:
    stream = io.StringIO()
    LISTINGS[kind](stream).write([Row("a.png", ("x", "y"), (0.75, 0.25), None)])
    line = stream.getvalue().splitlines()[-1]
    assert {
        "table": "a.png  x      0.750  y       0.250",
        "csv": "a.png,x,0.75,y,0.25,,,",
        "json": '{"image": "a.png", "class": "x", "probability": 0.75, "second": "y", '
        '"second_probability": 0.25, "third": null, "third_probability": null, "unlike": null}',
    }[kind] == line


def test_no_more_than_a_batch_is_in_memory(made: Path, pixels: np.ndarray) -> None:
    classifier = classification.Classifier(made)
    content = png.encode(pixels[0])
    taken = []

    def endless() -> Iterator[Found]:
        while True:
            taken.append(1)
            yield Found("x.png", content)

    batches = classification.classified(classifier, endless())
    for number in (1, 2, 3):
        assert len(next(batches).rows) == classification.BATCH
        assert len(taken) == number * classification.BATCH


def test_a_file_larger_than_an_image_may_be_is_not_read_to_its_end(tmp_path: Path) -> None:
    large = tmp_path / "large.png"
    with large.open("wb") as file:
        file.truncate(10 * 1024**3)
    (image,) = found_images.found([str(large)])
    assert image.content is None
    assert image.problem == f"{large}: more than 67,108,864 bytes"


def test_nothing_heavy_is_imported(made: Path, folder: Path) -> None:
    """Each of these takes longer than all the rest."""
    code = (
        "import sys\n"
        "from swatchbook.__main__ import main\n"
        "status = main(['predict', *sys.argv[1:]])\n"
        "heavy = {'tensorflow', 'keras', 'pandas', 'sklearn', 'scipy', 'matplotlib'}\n"
        "sys.exit(status or ', '.join(heavy & sys.modules.keys()) or None)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(made), str(folder / "000.PNG")],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_no_model_is_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", str(tmp_path), "some.png"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"swatchbook: error: {tmp_path}/model.onnx: there is no such file")
    assert said.err.count("\n") == 1


def test_a_reader_that_has_seen_enough_gets_no_traceback(made: Path, folder: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, str(made), *[str(folder)] * 30],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait() == 1


def test_every_command_has_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    said = capsys.readouterr().out
    for name, command in COMMANDS.items():
        assert name in said and command.title in said
    with pytest.raises(SystemExit) as caught:
        main(["forecast"])
    assert caught.value.code == 2
