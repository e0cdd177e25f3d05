"""The page that runs a model in a browser says what `swatchbook predict` says."""

import base64
import io
import json
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Locator, Page

from browsing import PHONE, Opened, needs_chromium
from exported import ABOUT, SHAPE, export, made_export, make_run
from paths import ROOT
from shared import made_once
from swatchbook.__main__ import main
from swatchbook.data import arrays, pictures, png
from swatchbook.deployment import nearest
from swatchbook.files import read_json, write_json
from trying import runtime, write_page

pytestmark = needs_chromium

HEIGHT, WIDTH, _ = SHAPE
EVIL = "</script><img src=x onerror=alert(1)>"
OPEN = {"colour": "convert", "background": "#204060"}
# What is done to pictures, and the channels of the model.
PAGES: dict[str, tuple[int, Mapping[str, Any]]] = {
    "error": (3, {"resize": "error", "colour": "error", "background": None}),
    "fit": (3, {"resize": "fit", **OPEN}),
    "crop": (3, {"resize": "crop", **OPEN}),
    "stretch": (3, {"resize": "stretch", **OPEN}),
    "grey": (1, {"resize": "fit", **OPEN}),
}
CONVERTING = ["fit", "crop", "stretch", "grey"]


def photograph(height: int, width: int, channels: int = 3, seed: int = 0) -> Image.Image:
    """Make a picture as smooth as a photograph."""
    generator = np.random.default_rng(seed)
    small = generator.integers(0, 256, (5, 7, channels), np.uint8)
    modes = {1: "L", 3: "RGB", 4: "RGBA"}
    image = Image.fromarray(small[..., 0] if channels == 1 else small, modes[channels])
    return image.resize((width, height), Image.Resampling.BICUBIC)


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def turned(content: Image.Image) -> Image.Exif:
    exif = content.getexif()
    exif[0x0112] = 6  # a quarter to the right
    return exif


def sixteen_bits() -> bytes:
    values = np.random.default_rng(1).integers(0, 65536, (HEIGHT, WIDTH), np.uint16)
    return saved(Image.fromarray(values), "PNG")


PHOTO = photograph(150, 203)
# Each file, and by how much of 255 a pixel that the model sees may differ from `predict`'s.
FILES = {
    "same.png": (saved(photograph(HEIGHT, WIDTH), "PNG"), 0),
    "large.png": (saved(PHOTO, "PNG"), 0),
    "tall.png": (saved(photograph(97, 31, seed=2), "PNG"), 0),
    "small.png": (saved(photograph(3, 5, seed=3), "PNG"), 0),
    "double.png": (saved(photograph(2 * HEIGHT, 2 * WIDTH, seed=4), "PNG"), 0),
    "grey.png": (saved(photograph(60, 40, 1), "PNG"), 0),
    "palette.png": (saved(PHOTO.quantize(40), "PNG"), 0),
    "see-through.png": (saved(PHOTO.quantize(40), "PNG", transparency=7), 0),
    "alpha.png": (saved(photograph(90, 120, 4), "PNG"), 0),
    "same-alpha.png": (saved(photograph(HEIGHT, WIDTH, 4), "PNG"), 0),
    "sixteen.png": (sixteen_bits(), 0),
    "large.jpg": (saved(PHOTO, "JPEG", quality=90), 1),
    "same.jpg": (saved(photograph(HEIGHT, WIDTH), "JPEG", quality=75), 1),
    "turned.jpg": (saved(PHOTO, "JPEG", exif=turned(PHOTO)), 1),
    "grey.jpg": (saved(photograph(60, 40, 1), "JPEG"), 1),
    "large.webp": (saved(PHOTO, "WEBP", lossless=True), 0),
    "large.gif": (saved(PHOTO, "GIF"), 0),
    "large.bmp": (saved(PHOTO, "BMP"), 0),
}


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an export for each of `PAGES`, and its page."""
    package = runtime(tmp_path_factory)
    coloured = made_export(tmp_path_factory)

    def make(folder: Path) -> None:
        image = dict(ABOUT["image"]) | {"channels": 1}
        grey = make_run(folder / "runs" / "grey", channels=1)
        done = export(grey, grey / "export", ["onnx"], about={**ABOUT, "image": image})
        assert done.returncode == 0, done.stderr
        for name, (channels, changes) in PAGES.items():
            run, place = (grey if channels == 1 else coloured), folder / name
            place.mkdir()
            for file in ("model.onnx", "export.json"):
                shutil.copy(run / "export" / file, place)
            sheet = read_json(run / "export" / "model.json")
            sheet["image"] |= changes
            if name == "grey":
                sheet["classes"] = [EVIL, *sheet["classes"][1:]]
            write_json(place / "model.json", sheet)
            write_page(run, place, package)

    return made_once(tmp_path_factory, "try-pages", make)


class Trying(Opened):
    """A page on which a model is tried."""

    def __init__(self, browser: Browser, file: Path, **options: object):
        super().__init__(browser, file, reduced_motion="reduce", **options)
        self.page.wait_for_selector("body[data-ready]", state="attached")

    def give(self, name: str, content: bytes) -> None:
        file = {"name": name, "mimeType": "", "buffer": content}
        self.page.locator("#file").set_input_files(file)
        self.wait(name)

    def wait(self, name: str) -> None:
        """Wait until something is said of a picture."""
        self.page.locator("#state", has_text=re.compile(f"^{re.escape(name)}: ")).wait_for()

    def seen(self, channels: int) -> np.ndarray:
        """Return what the model has seen, uint8, shape (height, width, channels)."""
        return self.pixels("seen")[..., :channels]

    def pixels(self, canvas: str) -> np.ndarray:
        code = """id => {
          const canvas = document.getElementById(id);
          const {width, height} = canvas;
          const options = {willReadFrequently: true};
          const {data} = canvas.getContext("2d", options).getImageData(0, 0, width, height);
          return {width, height, data: [...data]};
        }"""
        found = self.page.evaluate(code, canvas)
        return np.array(found["data"], np.uint8).reshape(found["height"], found["width"], 4)

    def probabilities(self) -> list[float]:
        return json.loads(self.page.locator("#bars").get_attribute("data-all"))

    def classes(self) -> list[str]:
        return self.page.locator("#bars .name").all_inner_texts()

    def unlike(self) -> bool:
        return self.page.locator("#unlike").get_attribute("data-unlike") == "true"


@pytest.fixture
def opened(request: pytest.FixtureRequest, browser: Browser, pages: Path) -> Iterator[Trying]:
    """The page of the parameter's name; nothing but what a test expects is on its console."""
    opened = Trying(browser, pages / getattr(request, "param", "error") / "try.html")
    yield opened
    opened.context.close()
    assert opened.said == []


def predicted(
    model: Path, files: Mapping[str, bytes], folder: Path, capsys: pytest.CaptureFixture[str]
) -> tuple[dict[str, dict], dict[str, str]]:
    """Run `swatchbook predict` on files; return what it says of each, or why it does not."""
    for name, content in files.items():
        (folder / name).write_bytes(content)
    main(["predict", str(model), "--json", *(str(folder / name) for name in files)])
    said = capsys.readouterr()
    rows = {Path(row["image"]).name: row for row in map(json.loads, said.out.splitlines())}
    told = [line.removeprefix(f"swatchbook: {folder}/") for line in said.err.splitlines()]
    return rows, dict(line.split(": ", 1) for line in told)


@pytest.mark.parametrize("opened", CONVERTING, indirect=True)
def test_it_says_what_predict_says(
    opened: Trying,
    request: pytest.FixtureRequest,
    pages: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    model = pages / request.node.callspec.params["opened"]
    sheet = read_json(model / "model.json")
    contents = {name: content for name, (content, _) in FILES.items()}
    rows, refused = predicted(model, contents, tmp_path, capsys)
    assert not refused and len(rows) == len(FILES)
    assert {row["unlike"] for row in rows.values()} == {True, False}, "else this proves less"
    for name, (content, most) in FILES.items():
        opened.give(name, content)
        expected = pictures.decode(content, sheet["image"]).astype(int)
        differences = np.abs(opened.seen(sheet["image"]["channels"]) - expected)
        assert differences.max() <= most, name
        row, said = rows[name], opened.probabilities()
        assert opened.classes() == [row["class"], row["second"], row["third"]], name
        values = [row["probability"], row["second_probability"], row["third_probability"]]
        assert sorted(said, reverse=True) == pytest.approx(values, abs=1e-3), name
        assert opened.unlike() == row["unlike"], name


def test_what_predict_refuses_is_refused_with_its_words(
    opened: Trying, pages: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {name: content for name, (content, _) in FILES.items()}
    files |= {
        "grey-here.png": saved(photograph(HEIGHT, WIDTH, 1), "PNG"),
        "palette-here.png": saved(photograph(HEIGHT, WIDTH).quantize(9), "PNG"),
        "palette-of-eight.png": saved(photograph(HEIGHT, WIDTH).quantize(60), "PNG"),
        "alpha-here.png": saved(photograph(HEIGHT, WIDTH, 4), "PNG"),
        "one-colour.png": saved(photograph(HEIGHT, WIDTH), "PNG", transparency=(1, 2, 3)),
        "grey-here.jpg": saved(photograph(HEIGHT, WIDTH, 1), "JPEG"),
    }
    rows, refused = predicted(pages / "error", files, tmp_path, capsys)
    assert set(rows) == {"same.png", "same.jpg"}
    for name, content in files.items():
        opened.give(name, content)
        assert opened.page.locator("#refused").is_visible() == (name in refused)
        assert opened.page.locator("#results").is_visible() == (name in rows)
        if name in refused:
            why = opened.page.locator("#refused-why").inner_text()
            assert why == f"{name}: {refused[name]}."


def test_what_is_refused_can_be_made_fit(opened: Trying) -> None:
    content, _ = FILES["large.png"]
    opened.give("large.png", content)
    opened.page.locator("#make-it-fit").click()
    opened.page.locator("#results").wait_for()
    fitted = dict(ABOUT["image"]) | {"resize": "crop", "colour": "convert", "background": "#000000"}
    assert (opened.seen(3) == pictures.decode(content, fitted)).all()
    assert "its middle" in opened.page.locator("#how").inner_text()


def test_what_is_no_picture_is_told(opened: Trying) -> None:
    for name, content in {"text.png": b"text", "cut.png": FILES["large.png"][0][:300]}.items():
        opened.give(name, content)
        why = opened.page.locator("#refused-why").inner_text()
        assert why == f"{name}: this browser cannot read it as a picture."
        assert not opened.page.locator("#make-it-fit").is_visible()
    opened.give("same.png", FILES["same.png"][0])
    assert opened.page.locator("#results").is_visible()


def test_pictures_are_scaled_as_in_training(browser: Browser) -> None:
    """The functions of pictures.js against those of pictures.py, on sizes of all kinds."""
    generator = np.random.default_rng(0)
    code = (ROOT / "workflow/try/pictures.js").read_text()
    context = browser.new_context()
    page = context.new_page()
    page.evaluate(f"{code}; globalThis.RESIZE = RESIZE; 0")
    for number in range(90):
        how, channels = list(pictures.RESIZE)[number % 3], (1, 3)[number % 2]
        height, width = map(int, generator.integers(1, 90, 2))
        wanted = [int(side) for side in generator.integers(1, 40, 2)]
        if number % 5 == 0:  # whole factors, down and up, go another way
            factor = int(generator.integers(1, 5))
            height, width = wanted[0] * factor, wanted[1] * factor
        pixels = generator.integers(0, 256, (height, width, channels), np.uint8)
        background = [int(part) for part in generator.integers(0, 256, 3)]
        found = page.evaluate(
            """([how, from, wanted, background]) => {
              from.pixels = Uint8Array.from(from.pixels);
              return [...RESIZE[how](from, ...wanted, background).pixels];
            }""",
            [
                how,
                {
                    "height": height,
                    "width": width,
                    "channels": channels,
                    "pixels": pixels.ravel().tolist(),
                },
                wanted,
                background,
            ],
        )
        expected = pictures.RESIZE[how](pixels, *wanted, tuple(background))
        assert found == expected.ravel().tolist(), (how, pixels.shape, wanted)
    context.close()


def test_the_nearest_training_images_are_those_of_the_features(
    opened: Trying, pages: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = made_export(tmp_path_factory).parents[1] / "arrays"
    train, one_hot = arrays.load(folder, "train")
    labels = one_hot.argmax(axis=1)
    rows = nearest.chosen_rows(labels, 3)
    assert len(rows) == len(train) == 240, "all of them have room"
    test = arrays.load(folder, "test")[0][:5]
    found = nearest.describe(pages / "error" / "model.onnx", np.concatenate([train, test]))
    features = found.features.astype(float)
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    cosines = features[240:] @ features[:240].T
    for number, image in enumerate(test):
        content = png.encode(np.rint(image * 255).astype(np.uint8))
        opened.give(f"{number}.png", content)
        shown = opened.page.locator("#alike li")
        places = [int(line.get_attribute("data-image")) for line in shown.all()]
        best = np.sort(cosines[number])[::-1][:8]
        assert cosines[number][places] == pytest.approx(best, abs=0.01)
        names = shown.locator(".label").all_inner_texts()
        assert names == [ABOUT["classes"][labels[place]] for place in places]
    told = opened.page.locator(".alike-part .detail").inner_text()
    assert "128 numbers that its last layer is given" in told


def easel(page: Page) -> Locator:
    """What one draws on, which is folded away where the model is for photographs."""
    drawing, fold = page.locator("#drawing"), page.locator("summary", has_text="Draw one")
    if fold.count():
        assert not drawing.is_visible()
        fold.click()
    return drawing


@pytest.mark.parametrize("opened", ["error", "grey"], indirect=True)
def test_what_is_drawn_is_seen_as_means_of_blocks(opened: Trying) -> None:
    box = easel(opened.page).bounding_box()
    mouse, at = opened.page.mouse, lambda x, y: (box["x"] + x, box["y"] + y)
    mouse.move(*at(40, 40))
    mouse.down()
    mouse.move(*at(200, 100), steps=5)
    mouse.up()
    opened.wait("Your drawing")
    opened.page.wait_for_timeout(300)  # of several answers the last one counts
    drawn = opened.pixels("drawing")[..., :3].astype(float)
    assert 0 < (drawn > 128).mean() < 0.5, "white on black"
    assert not opened.page.locator("#pen").is_visible()
    blocks = drawn.reshape(HEIGHT, drawn.shape[0] // HEIGHT, WIDTH, drawn.shape[1] // WIDTH, 3)
    assert np.abs(opened.seen(3) - blocks.mean(axis=(1, 3))).max() <= 0.5001
    opened.page.locator("#clear").click()
    assert (opened.pixels("drawing")[..., :3] == 0).all()


def test_one_draws_by_keyboard(opened: Trying) -> None:
    page = opened.page
    easel(page).focus()
    page.keyboard.press("ArrowLeft")
    assert page.locator("#pen").is_visible()
    assert (opened.pixels("drawing")[..., :3] == 0).all(), "the pen is up"
    for key in ["Space", *["ArrowDown"] * 5, "Space"]:
        page.keyboard.press(key)
    opened.wait("Your drawing")
    drawn = (opened.pixels("drawing")[..., 0] > 128).sum()
    assert drawn > 500
    page.keyboard.press("ArrowRight")
    assert (opened.pixels("drawing")[..., 0] > 128).sum() == drawn
    assert page.evaluate("scrollY") == 0


def test_pictures_are_dropped_and_pasted(opened: Trying) -> None:
    give = """([kind, content]) => {
      const bytes = Uint8Array.from(atob(content), (sign) => sign.charCodeAt(0));
      const data = new DataTransfer();
      data.items.add(new File([bytes], "dropped.png"));
      const options = { bubbles: true, cancelable: true };
      document.body.dispatchEvent(kind === "drop"
        ? new DragEvent(kind, { ...options, dataTransfer: data })
        : new ClipboardEvent(kind, { ...options, clipboardData: data }));
    }"""
    content = base64.b64encode(FILES["same.png"][0]).decode()
    for kind, name in [("drop", "dropped.png"), ("paste", "The pasted picture")]:
        opened.page.evaluate(give, [kind, content])
        opened.wait(name)


def test_a_test_image_is_taken_by_keyboard(opened: Trying) -> None:
    button = opened.page.locator("#examples button").nth(1)
    button.focus()
    opened.page.keyboard.press("Enter")
    opened.wait("Test image “middle”")
    said = json.loads(opened.page.locator("#about").text_content())
    assert len(said["check"]) == 3
    assert opened.page.locator("#different").is_visible() is False


@pytest.mark.parametrize("opened", ["grey"], indirect=True)
def test_names_are_text_everywhere(opened: Trying) -> None:
    opened.page.locator("#examples button").first.click()
    opened.wait(f"Test image “{EVIL}”")
    assert EVIL in opened.classes()
    assert opened.page.evaluate("document.querySelectorAll('[onerror]').length") == 0


def test_a_browser_that_computes_something_else_is_told_of(
    browser: Browser, pages: Path, tmp_path: Path
) -> None:
    page = (pages / "error" / "try.html").read_text()
    changed = tmp_path / "changed.html"
    changed.write_text(re.sub(r'"check": \[[\d.]+', '"check": [0.99999', page, count=1))
    opened = Trying(browser, changed)
    assert opened.page.locator("#different").is_visible()
    opened.context.close()


def test_a_model_that_cannot_run_is_told_of(browser: Browser, pages: Path, tmp_path: Path) -> None:
    page = (pages / "error" / "try.html").read_text()
    broken = tmp_path / "broken.html"
    broken.write_text(re.sub(r'(id="model">)[^<]{900}', r"\1", page, count=1))
    opened = Opened(browser, broken)
    opened.page.get_by_text("The model cannot run in this browser").wait_for()
    opened.context.close()


def test_nothing_but_its_own_script_runs(browser: Browser, pages: Path, tmp_path: Path) -> None:
    page = (pages / "error" / "try.html").read_text()
    spoilt = tmp_path / "spoilt.html"
    spoilt.write_text(page.replace("</main>", "<script>document.title = 'ran'</script></main>"))
    opened = Trying(browser, spoilt)
    assert opened.page.title() != "ran"
    assert any("Content Security Policy" in line for line in opened.said)
    opened.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser: Browser, pages: Path, scheme: str) -> None:
    opened = Trying(browser, pages / "fit" / "try.html", color_scheme=scheme)
    assert serious(opened.page) == []
    opened.page.locator("#examples button").first.click()
    opened.wait("Test image “left”")
    opened.page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true })")
    assert serious(opened.page) == []
    opened.give("text.png", b"text")
    assert serious(opened.page) == []
    opened.context.close()


def serious(page: Page) -> list[tuple[str, str]]:
    found = Axe().run(page).response["violations"]
    return [
        (one["id"], one["nodes"][0]["html"])
        for one in found
        if one["impact"] not in (None, "minor")
    ]


@pytest.mark.parametrize("width", [PHONE["width"], 700, 1000, 1920])
def test_nothing_makes_the_page_scroll_sideways(browser: Browser, pages: Path, width: int) -> None:
    opened = Trying(browser, pages / "grey" / "try.html", viewport={**PHONE, "width": width})
    opened.page.locator("#examples button").first.click()
    opened.wait(f"Test image “{EVIL}”")
    widths = opened.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert widths[0] <= widths[1] == width
    if width == PHONE["width"]:
        assert opened.page.locator("#seen").bounding_box()["y"] < PHONE["height"], "in view"
    opened.context.close()


def test_the_page_is_as_small_as_the_readme_says(pages: Path) -> None:
    """Nearly all of it is the runtime; the models of these tests have next to nothing."""
    assert (pages / "error" / "try.html").stat().st_size < 5_500_000
