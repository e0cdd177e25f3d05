"""What images are: formats, sizes, colours; which are broken or there twice."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from swatchbook.data import image_formats
from swatchbook.progress import Progress


@dataclass
class Inventory:
    """What was found in images' files.

    Attributes
    ----------
    formats, sizes, channels, depths
        How many images had each format, (height, width), number of channels (2 and 4 with alpha)
        and number of bits a channel.
    transparent
        How many have pixels that are not opaque.
    broken
        By the name of a file what is wrong with it.
    copies
        The names of files whose bytes are those of an earlier one.
    """

    formats: Counter[str] = field(default_factory=Counter)
    sizes: Counter[tuple[int, int]] = field(default_factory=Counter)
    channels: Counter[int] = field(default_factory=Counter)
    depths: Counter[int] = field(default_factory=Counter)
    transparent: int = 0
    broken: dict[str, str] = field(default_factory=dict)
    copies: list[str] = field(default_factory=list)


def take(images: Iterable[tuple[str, bytes]], count: int) -> Inventory:
    """Decode images, each with its name, and return what they are.

    Parameters
    ----------
    images
        The name and the file of each.
    count
        How many there are, for the progress.
    """
    found = Inventory()
    digests: set[bytes] = set()
    with Progress("look at images", count, "image") as progress:
        for name, content in images:
            _look(found, name, content)
            digest = hashlib.sha256(content).digest()
            if digest in digests:
                found.copies.append(name)
            digests.add(digest)
            progress.update()
    return found


def _look(found: Inventory, name: str, content: bytes) -> None:
    try:
        kind = image_formats.format_of(content)
        raw = image_formats.FORMATS[kind].read(content)
    except ValueError as error:
        found.broken[name] = str(error)
        return
    found.formats[kind] += 1
    found.sizes[raw.pixels.shape[:2]] += 1
    found.channels[raw.pixels.shape[2]] += 1
    found.depths[raw.depth] += 1
    if raw.pixels.shape[2] in (2, 4) and not (raw.pixels[..., -1] == 255).all():
        found.transparent += 1


def common_folder(names: Iterable[str]) -> str:
    """Return the folder that all files lie in, however deep; empty if only the top is common."""
    parts = [name.split("/")[:-1] for name in names]
    common = []
    for level in zip(*parts, strict=False):
        if len(set(level)) > 1:
            break
        common.append(level[0])
    return "/".join(common)
