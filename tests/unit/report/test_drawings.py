"""A figure's SVG becomes a part of the page without any harm to either."""

import base64
import re

import cv2
import numpy as np

from swatchbook.report.drawings import inline_svg


def test_svg_text_that_looks_like_markup_is_left_alone() -> None:
    text = 'id="x" url(#x) #1a1a1a'
    svg = f'<?xml version="1.0"?>\n<svg width="1pt" height="2pt"><text id="t">{text}</text></svg>'
    assert f">{text}</text>" in inline_svg(svg, "prefix", "A title")


def test_an_inline_svg_keeps_its_shape_and_references() -> None:
    svg = (
        '<?xml version="1.0"?>\n<!DOCTYPE svg>\n'
        '<svg xmlns:xlink="http://www.w3.org/1999/xlink" width="1pt" height="2pt" '
        'viewBox="0 0 1 2"><defs><path id="m" style="stroke: #1a1a1a"/></defs>'
        '<use xlink:href="#m" width="3" clip-path="url(#m)"/></svg>'
    )
    found = inline_svg(svg, "made-up", "A title")
    assert found.startswith("<svg ")
    assert 'aria-label="A title"' in found
    assert 'id="made-up-m"' in found
    assert 'xlink:href="#made-up-m"' in found
    assert "url(#made-up-m)" in found
    assert 'viewBox="0 0 1 2"' in found
    assert 'width="3"' in found
    assert 'width="1pt"' not in found
    assert 'height="2pt"' not in found
    assert 'style="max-width:1pt"' in found
    assert "#1a1a1a" not in found


def test_names_of_fonts_and_of_groups_take_no_room() -> None:
    style = "font-size: 10px; font-family: 'DejaVu Sans', sans-serif; fill: red"
    svg = f'<svg width="1pt" height="2pt"><g id="axes_1"><text style="{style}">a</text></g></svg>'
    found = inline_svg(svg, "made-up", "A title")
    assert '<g><text style="font-size: 10px; fill: red">a</text></g>' in found


def picture(pixels: np.ndarray) -> str:
    _, png = cv2.imencode(".png", pixels)
    return f"data:image/png;base64,\n{base64.b64encode(png).decode()}"


def test_a_picture_in_a_drawing_becomes_lossy_and_keeps_its_transparency() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 60, 4), np.uint8)
    pixels[:20, :, 3], pixels[20:, :, 3] = 0, 255
    svg = f'<svg width="1pt" height="2pt"><image id="i" xlink:href="{picture(pixels)}"/></svg>'
    found = inline_svg(svg, "made-up", "A title")
    assert "image/png" not in found
    assert len(found) < len(svg) / 2
    webp = base64.b64decode(re.search(r'image/webp;base64,([^"]*)', found)[1])
    seen = cv2.imdecode(np.frombuffer(webp, np.uint8), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(seen[..., 3], pixels[..., 3])


def test_a_picture_that_cannot_be_read_stays_as_it_is() -> None:
    shown = "data:image/png;base64,AAAA"
    svg = f'<svg width="1pt" height="2pt"><image xlink:href="{shown}"/></svg>'
    assert f'xlink:href="{shown}"' in inline_svg(svg, "made-up", "A title")
