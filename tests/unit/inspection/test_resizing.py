"""The sheet of resizing shows each image as it came and by every way, and frames the chosen one."""

import re
from pathlib import Path

import pandas as pd
import pytest

from makers import png, random_images
from swatchbook.data import originals
from swatchbook.data.originals import Collector
from swatchbook.inspection import show_resizing

IMAGE = {"height": 8, "width": 8, "channels": 3, "resize": "crop", "background": None}


def drawn(tmp_path: Path, sizes: list[tuple[int, int]], image: dict = IMAGE) -> str:
    collector = Collector(image)
    for number, size in enumerate(sizes):
        pixels = random_images(1, *size)[0][..., : image["channels"]]
        if size != (image["height"], image["width"]):
            collector.offer(f"<{number}>$1$", png(pixels), size)
    originals.write(collector.chosen(dict.fromkeys(sizes, 1)), tmp_path / "originals.npz")
    show_resizing(tmp_path / "originals.npz", image, tmp_path / "explore")
    return (tmp_path / "explore" / "resizing.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize("channels", [1, 3])
def test_every_image_stands_beside_what_each_way_makes_of_it(tmp_path: Path, channels: int) -> None:
    svg = drawn(tmp_path, [(10, 40), (50, 10), (12, 14)], IMAGE | {"channels": channels})
    assert svg.count("<image") == 3 * 4
    for told in ("the widest, 40 × 10", "the tallest, 10 × 50", "as it came", "&lt;1&gt;$1$"):
        assert told in svg
    assert set(re.findall(r"font-weight: 700[^>]*>([^<]+)<", svg)) == {"crop"}
    table = pd.read_csv(tmp_path / "explore" / "resizing.csv")
    assert table["width"].tolist() == [40, 10, 14]
    assert set(table["resize"]) == {"crop"}


def test_a_data_set_of_one_size_has_nothing_to_show(tmp_path: Path) -> None:
    svg = drawn(tmp_path, [(8, 8)])
    assert "<image" not in svg and "every image has the right size already" in svg
