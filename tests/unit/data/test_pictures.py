"""Images of any format, size and colours become what a data set has, as OpenCV sees them too."""

import io
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from makers import chunk, png, raw_png
from swatchbook.data import pictures

RNG = np.random.default_rng(7)
# Smooth enough that a lossy format keeps it nearly.
SMOOTH = cv2.resize(RNG.integers(0, 256, (4, 5, 3), np.uint8), (40, 30)).astype(np.uint8)
NOISE = RNG.integers(0, 256, (30, 40, 3), np.uint8)
AS_IS = {"height": 30, "width": 40, "channels": 3}
ANY = AS_IS | {"resize": "stretch", "colour": "convert", "background": "#ffffff"}


def saved(pixels: np.ndarray | Image.Image, kind: str, **options: Any) -> bytes:
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def by_opencv(content: bytes, how: int = cv2.IMREAD_COLOR) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(content, np.uint8), how)[..., ::-1]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "TIFF"])
def test_each_format_is_read_as_opencv_reads_it(kind: str) -> None:
    content = saved(SMOOTH, kind)
    picture = pictures.read(content, AS_IS)
    np.testing.assert_array_equal(picture.pixels, by_opencv(content))
    assert picture.format.upper() == kind and picture.size == (30, 40) and not picture.changes
    if kind not in ("JPEG", "WEBP"):
        np.testing.assert_array_equal(picture.pixels, SMOOTH)


def test_of_an_animation_the_first_image_is_taken() -> None:
    frames = [Image.fromarray(pixels).quantize(32) for pixels in (SMOOTH, NOISE)]
    content = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    picture = pictures.read(content, ANY)
    np.testing.assert_array_equal(picture.pixels, np.asarray(frames[0].convert("RGB")))


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_images_are_turned_as_exif_says(turn: int, kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = turn
    content = saved(SMOOTH, kind, exif=exif)
    upright = {
        1: SMOOTH,
        2: SMOOTH[:, ::-1],
        3: SMOOTH[::-1, ::-1],
        4: SMOOTH[::-1],
        5: SMOOTH.transpose(1, 0, 2),
        6: np.rot90(SMOOTH, -1),
        7: np.rot90(SMOOTH, 2).transpose(1, 0, 2),
        8: np.rot90(SMOOTH),
    }[turn]
    height, width, _ = upright.shape
    image = ANY | {"height": height, "width": width, "resize": "error"}
    picture = pictures.read(content, image)
    assert picture.size == (height, width)
    assert np.abs(picture.pixels.astype(int) - upright).mean() < 6
    if kind == "JPEG":
        np.testing.assert_array_equal(picture.pixels, by_opencv(content))


GREY = SMOOTH[..., 0]
DEEP = RNG.integers(0, 65536, (30, 40), np.uint16)
DEEP_COLOUR = RNG.integers(0, 65536, (30, 40, 3), np.uint16)
ALPHA = np.dstack([SMOOTH, RNG.integers(0, 256, (30, 40), np.uint8)])


def laid(background: int) -> np.ndarray:
    share = ALPHA[..., 3:].astype(np.float64) / 255
    return ALPHA[..., :3] * share + background * (1 - share)


COLOURS: dict[str, tuple[bytes, np.ndarray, tuple[str, ...]]] = {
    "grey": (saved(GREY, "PNG"), np.dstack([GREY] * 3), ("colours converted",)),
    "black and white": (
        saved(Image.fromarray(GREY > 127), "PNG"),
        np.dstack([np.where(GREY > 127, 255, 0)] * 3),
        ("colours converted",),
    ),
    "palette": (
        saved(Image.fromarray(SMOOTH).quantize(64), "PNG"),
        np.asarray(Image.fromarray(SMOOTH).quantize(64).convert("RGB")),
        (),
    ),
    "alpha": (saved(ALPHA, "PNG"), laid(255), ("alpha laid on the background",)),
    "alpha in WebP": (
        saved(ALPHA, "WEBP", lossless=True, exact=True),
        laid(255),
        ("alpha laid on the background",),
    ),
    "grey with alpha": (
        saved(Image.fromarray(ALPHA).convert("LA"), "PNG"),
        np.dstack([np.asarray(Image.fromarray(ALPHA).convert("LA"))[..., 0].astype(float)] * 3)
        * (ALPHA[..., 3:] / 255)
        + 255 * (1 - ALPHA[..., 3:] / 255),
        ("alpha laid on the background", "colours converted"),
    ),
    "opaque alpha": (saved(np.dstack([SMOOTH, np.full_like(GREY, 255)]), "PNG"), SMOOTH, ()),
    "a transparent colour": (
        raw_png(40, 30, 8, 2, bytes(3 * 40), chunk(b"tRNS", bytes(6))),
        np.full((30, 40, 3), 255),
        ("alpha laid on the background",),
    ),
    "16 bits of grey": (
        cv2.imencode(".png", DEEP)[1].tobytes(),
        np.dstack([DEEP >> 8] * 3),
        ("of more than 8 bits a channel", "colours converted"),
    ),
    "16 bits of colour": (
        cv2.imencode(".png", DEEP_COLOUR)[1].tobytes(),
        DEEP_COLOUR[..., ::-1] >> 8,
        ("of more than 8 bits a channel",),
    ),
    "16 bits in TIFF": (
        cv2.imencode(".tiff", DEEP_COLOUR)[1].tobytes(),
        DEEP_COLOUR[..., ::-1] >> 8,
        ("of more than 8 bits a channel",),
    ),
}


@pytest.mark.parametrize(("content", "expected", "changes"), COLOURS.values(), ids=COLOURS)
def test_colours_are_converted_on_purpose(
    content: bytes, expected: np.ndarray, changes: tuple[str, ...]
) -> None:
    picture = pictures.read(content, ANY)
    np.testing.assert_allclose(picture.pixels, expected, atol=0.51)
    assert picture.changes == changes


def test_cmyk_becomes_rgb_as_opencv_has_it() -> None:
    content = saved(Image.fromarray(SMOOTH).convert("CMYK"), "JPEG", quality=95)
    difference = pictures.decode(content, ANY).astype(int) - by_opencv(content)
    assert np.abs(difference).max() <= 2


@pytest.mark.parametrize("channels", [1, 3])
def test_grey_is_the_luma_that_opencv_makes(channels: int) -> None:
    found = pictures.decode(saved(NOISE, "BMP"), ANY | {"channels": channels})
    if channels == 1:
        expected = cv2.cvtColor(NOISE, cv2.COLOR_RGB2GRAY)[..., np.newaxis]
        assert np.abs(found.astype(int) - expected).max() <= 1
    else:
        np.testing.assert_array_equal(found, NOISE)


REFUSED: dict[str, tuple[bytes, dict[str, Any], str]] = {
    "another size": (saved(SMOOTH, "JPEG"), {"height": 31}, "40 × 30 pixels instead of 40 × 31"),
    "grey for colour": (saved(GREY, "JPEG"), {}, "grey instead of RGB"),
    "colour for grey": (saved(SMOOTH, "JPEG"), {"channels": 1}, "RGB instead of grey"),
    "16 bits": (cv2.imencode(".tiff", DEEP_COLOUR)[1].tobytes(), {}, "16 bits a channel instead"),
    "alpha": (saved(ALPHA, "WEBP"), {}, "RGB with alpha instead of RGB"),
    "alpha on nothing": (
        saved(ALPHA, "PNG"),
        {"colour": "convert"},
        "transparent pixels, and no image.background to lay them on",
    ),
    "real numbers": (saved(Image.fromarray(np.ones((3, 3), np.float32)), "TIFF"), {}, "32 bits"),
    "half a JPEG": (saved(NOISE, "JPEG")[:900], {}, "the file is damaged: "),
    "half a WebP": (saved(NOISE, "WEBP")[:900], {}, "the file is damaged: "),
    "half a PNG": (saved(NOISE, "PNG")[:900], {"colour": "convert"}, "the PNG file ends too early"),
    "a web page": (b"<!DOCTYPE html><html>", {}, "no image that can be read, but a web page"),
    "a drawing": (b"<svg xmlns=''/>", {}, "but an SVG drawing"),
    "HEIC": (b"\0\0\0\x18ftypheic" + bytes(20), {}, "but a HEIC or AVIF image"),
    "nothing": (b"", {}, "an empty file"),
    "noise": (NOISE.tobytes(), {}, "no known format"),
}


@pytest.mark.parametrize(("content", "image", "told"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_allowed_is_refused_in_words(
    content: bytes, image: dict[str, Any], told: str
) -> None:
    with pytest.raises(ValueError) as caught:
        pictures.read(content, AS_IS | image)
    assert told in str(caught.value) and "\n" not in str(caught.value)


def test_an_image_of_billions_of_pixels_is_refused_by_its_header() -> None:
    header = b"BM" + bytes(12) + (40).to_bytes(4, "little")
    size = (60_000).to_bytes(4, "little") * 2
    content = header + size + (1).to_bytes(2, "little") + (24).to_bytes(2, "little") + bytes(24)
    with pytest.raises(ValueError, match="60000 × 60000 pixels, and 100 million are read at most"):
        pictures.read(content, ANY)


def resized(pixels: np.ndarray, height: int, width: int, how: str, **more: Any) -> np.ndarray:
    image = ANY | {"height": height, "width": width, "resize": how} | more
    picture = pictures.read(png(pixels), image)
    assert picture.changes == ("resized",) and picture.pixels.shape == (height, width, 3)
    return picture.pixels


def test_areas_are_averaged_on_the_way_down() -> None:
    expected = NOISE.reshape(15, 2, 20, 2, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(resized(NOISE, 15, 20, "stretch"), expected, atol=0.5)
    thirteenths = np.repeat(NOISE, 13, axis=1).reshape(10, 3, 13, 40, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(resized(NOISE, 10, 13, "stretch"), thirteenths, atol=0.51)


def test_one_side_may_shrink_while_the_other_grows() -> None:
    found = resized(NOISE, 15, 80, "stretch")
    narrow = NOISE.reshape(15, 2, 40, 3).mean(axis=1)
    expected = cv2.resize(np.rint(narrow).astype(np.uint8), (80, 15))
    assert np.abs(found.astype(int) - expected).max() <= 1


@pytest.mark.parametrize(("size", "inner"), [((30, 60), (slice(30), slice(10, 50)))])
def test_a_fitted_image_is_whole_on_its_background(
    size: tuple[int, int], inner: tuple[slice, slice]
) -> None:
    found = resized(NOISE, *size, "fit", background="#0a141e")
    np.testing.assert_array_equal(found[inner], NOISE)
    beside = np.ones(size, bool)
    beside[inner] = False
    assert (found[beside] == [10, 20, 30]).all()


def test_a_fitted_image_is_scaled_by_its_longer_side() -> None:
    found = resized(np.full((40, 10, 3), 200, np.uint8), 20, 20, "fit", background="#000000")
    columns = (found == 200).all(axis=(0, 2))
    assert np.flatnonzero(columns).tolist() == [7, 8, 9, 10, 11]
    assert not found[:, ~columns].any()


def test_a_cropped_image_is_the_middle_of_the_shorter_side() -> None:
    np.testing.assert_array_equal(resized(NOISE, 30, 20, "crop"), NOISE[:, 10:30])
    np.testing.assert_array_equal(resized(NOISE, 10, 40, "crop"), NOISE[10:20])


@pytest.mark.parametrize("how", ["fit", "crop", "stretch"])
@pytest.mark.parametrize("shape", [(1, 500), (500, 1), (1, 1), (7, 3)])
def test_images_of_any_shape_end_in_the_size(how: str, shape: tuple[int, int]) -> None:
    pixels = np.full((*shape, 3), 77, np.uint8)
    found = resized(pixels, 8, 6, how, background="#4d4d4d")
    assert (found == 77).all()
