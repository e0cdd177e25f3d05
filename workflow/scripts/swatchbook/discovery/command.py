"""The command `new`: from images, wherever and however they are, to a working directory."""

import argparse
import logging
import re
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "source",
        help="a folder of images, a zip, 7z or tar of them, a folder of Parquet or IDX files, a "
        "Parquet or .npz file; of files also the address: http://…, https://… or s3://bucket/key",
    )
    parser.add_argument(
        "folder", type=Path, nargs="?", help="the working directory to make (default: NAME, here)"
    )
    parser.add_argument("--name", help="the data set's name (default: that of the source)")
    parser.add_argument("--label", help="the table's column that says the class")
    parser.add_argument("--image", help="the column of images in Parquet files")
    parser.add_argument(
        "--size", type=size, help="pixels to train on: 96, or HEIGHTxWIDTH (default: at most 64)"
    )
    parser.add_argument(
        "--resize",
        choices=["fit", "crop", "stretch"],
        help="how images of other sizes come to it (default: fit)",
    )


def run(options: argparse.Namespace) -> int:
    """Make the working directory, and print what was found and how to go on."""
    from swatchbook.discovery import origins, project

    # What is left out stands in the summary.
    logging.getLogger("swatchbook").addHandler(logging.NullHandler())
    source = options.source
    if not origins.is_address(source):
        source = Path(source).expanduser().absolute()
    name = options.name or origins.name_of(source)
    asked = project.Asked(options.label, options.size, options.resize, options.image)
    folder = options.folder or Path(name)
    if options.folder is None and folder.absolute() == source:  # the images lie right here
        folder = Path(f"{name}-swatchbook")
    print("\n".join(project.make(source, folder, name, asked)))
    return 0


def size(text: str) -> tuple[int, int]:
    """Read ``96`` or ``96x128``, height first."""
    match = re.fullmatch(r"(\d{1,4})(?:x(\d{1,4}))?", text)
    if match is None or "0" in match.groups():
        raise argparse.ArgumentTypeError(f"{text!r} is no size: write 96, or 96x128")
    return int(match[1]), int(match[2] or match[1])
