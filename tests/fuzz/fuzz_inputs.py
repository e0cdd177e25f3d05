"""Feed IDX files, label tables and archives to the library, guided by what code they reach.

    python -m pip install -e ".[fuzz]"
    python tests/fuzz/fuzz_inputs.py idx -max_total_time=60
    python tests/fuzz/fuzz_inputs.py labels -max_total_time=60
    python tests/fuzz/fuzz_inputs.py names -max_total_time=60
    python tests/fuzz/fuzz_inputs.py headers -max_total_time=60
    python tests/fuzz/fuzz_inputs.py zips -max_total_time=60
    python tests/fuzz/fuzz_inputs.py tars -max_total_time=60

The options are libFuzzer's. Only the library's own errors may come out, and what is let in must
be what was promised. A finding ends the run and is left as ``crash-…`` in the current folder; it
becomes a case of tests/faults.
"""

import os
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import atheris

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / part) for part in ("workflow/scripts", "tests/helpers")]

with atheris.instrument_imports(include=["swatchbook", "py7zr"]):
    from swatchbook.data import archive_dataset, idx, labels, sevenzip, tar_archive, zip_archive
    from swatchbook.data.archives import Archive
    from swatchbook.data.limits import Limits
    from swatchbook.errors import DataError

import numpy as np

import crafted
from hostile_inputs import all_of_them, good

CLASSES = ["cat", "dog", "T-shirt, blue"]
LIMITS = Limits(members=1000, total_bytes=10**6, member_bytes=10**5)


def fuzz_idx(path: Path, content: bytes) -> None:
    """The first byte says how many dimensions are wanted, the others are the file."""
    path.write_bytes(content[1:])
    values = idx.read(path, 1 + content[0] % 3 if content else 3, limits=LIMITS)
    assert values.dtype == np.uint8 and values.size <= LIMITS.total_bytes


def fuzz_labels(path: Path, content: bytes) -> None:
    """The whole is the file."""
    path.write_bytes(content)
    table = labels.read_table(path, CLASSES)
    ids = list(table.index)
    assert all(isinstance(id_, str) and id_ == id_.strip() != "" for id_ in ids)
    assert len(set(ids)) == len(ids)
    assert set(table) <= set(range(len(CLASSES)))
    joined = labels.join(labels.sorted_ids(ids), table, images="images", labels=path)
    assert [int(table[id_]) for id_ in labels.sorted_ids(ids)] == joined.tolist()


def fuzz_names(path: Path, content: bytes) -> None:
    """Names in UTF-16, parted by NUL, of an archive that is right in all else."""
    names = content.decode("utf-16-le", "surrogatepass" if len(content) % 2 == 0 else "replace")
    members = [crafted.Packed(name, b"x") for name in names.split("\0")]
    path.write_bytes(crafted.archive(members))
    ids = check_archive(path)
    assert len({id_.casefold() for id_ in ids}) == len(ids)


def fuzz_headers(path: Path, content: bytes) -> None:
    """The first byte says how much of the rest is the packed stream, the others are the header."""
    at = content[0] if content else 0
    path.write_bytes(crafted.closed(content[1 : 1 + at], content[1 + at :]))
    check_archive(path)


def fuzz_zips(path: Path, content: bytes) -> None:
    """The whole is the file."""
    path.write_bytes(content)
    check_archive(path, zip_archive.Archive)


def fuzz_tars(path: Path, content: bytes) -> None:
    """The whole is the file, compressed or not; checksums of headers are put right."""
    blocks = [content[start : start + 512] for start in range(0, len(content), 512)]
    for number, block in enumerate(blocks):
        if block[257:262] == b"ustar" and len(block) == 512:
            right = sum(block) - sum(block[148:156]) + 8 * 32
            blocks[number] = block[:148] + b"%06o\0 " % right + block[156:]
    path.write_bytes(b"".join(blocks))
    check_archive(path, tar_archive.Archive)


def check_archive(path: Path, kind: type[Archive] = sevenzip.Archive) -> list[str]:
    """Read an archive as `decode` does, and check what it lets in."""
    with kind(path, LIMITS) as archive:
        ids = archive_dataset.image_ids(archive.names, path)
        for name in archive.names:
            assert os.path.normpath(f"/in/{name}").startswith("/in/"), name
            assert not set("\\\0\n\x1b") & set(name), name
        contents = dict(archive.stream())
    assert contents.keys() == set(archive.names)
    assert sum(map(len, contents.values())) <= LIMITS.total_bytes
    return list(ids.values())


def seeds(target: str, folder: Path) -> None:
    """Begin with the hostile inputs that are known, brought into the target's form."""
    kinds = {"idx": "IDX", "labels": "label table", "names": "archive", "headers": "archive"}
    kinds |= {"zips": "zip", "tars": "tar"}
    for number, hostile in enumerate(all_of_them()):
        if hostile.kind != kinds[target] or "bomb" in hostile.name or "GB" in hostile.name:
            continue
        place = folder.with_name(f"seed-{number}")
        good(hostile.kind, place)
        hostile.make(place)
        path = place / hostile.file
        content = path.read_bytes() if path.is_file() else b""
        if target == "idx":
            content = b"\x02" + content
        elif target == "headers":
            content = b"\0" + content[32:] if len(content) > 255 else b"\x10" + content[32:]
        elif target == "names":
            content = f"train/{number}.png\0{hostile.name}.png".encode("utf-16-le")
        (folder / str(number)).write_bytes(content[:20_000])


TARGETS: dict[str, Callable[[Path, bytes], None]] = {
    "idx": fuzz_idx,
    "labels": fuzz_labels,
    "names": fuzz_names,
    "headers": fuzz_headers,
    "zips": fuzz_zips,
    "tars": fuzz_tars,
}


def main(target: str, options: list[str]) -> None:
    with TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as place:
        corpus, path = Path(place) / "corpus", Path(place) / "input"
        corpus.mkdir()
        seeds(target, corpus)

        def once(content: bytes) -> None:
            try:
                TARGETS[target](path, content)
            except DataError as error:
                found = {unicodedata.category(character) for character in str(error)}
                assert not found & {"Cc", "Cf", "Cs", "Zl", "Zp"}, ascii(str(error))

        atheris.Setup([sys.argv[0], *options, str(corpus)], once)
        atheris.Fuzz()


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        sys.exit(f"which of {', '.join(TARGETS)}?")
    main(sys.argv[1], sys.argv[2:])
