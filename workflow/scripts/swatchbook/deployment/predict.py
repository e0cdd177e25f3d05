"""The command `predict`: what an exported model says of images from anywhere."""

import argparse
import sys

NOT_ALL = 1  # the exit status if an image could not be read


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell argparse what the command takes."""
    parser.add_argument(
        "model",
        metavar="MODEL",
        help="the folder of an export, such as results/cifar10/best, or a model.onnx with its "
        "model.json beside it",
    )
    parser.add_argument(
        "images",
        metavar="IMAGE",
        nargs="+",
        help="image files, folders of them, archives of them; - for one on standard input",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="write a line of JSON for each image instead of a table (on a terminal) or CSV",
    )


def run(options: argparse.Namespace) -> int:
    """Classify all images that can be read and write what they are to standard output.

    An image that cannot be read is told on standard error, in a line.

    Returns
    -------
    int
        The exit status: 0, or 1 if an image could not be read.

    Raises
    ------
    DataError, ExportError
        If the model cannot be read.
    """
    from swatchbook.deployment import classification, found_images, listings

    classifier = classification.Classifier(options.model)
    kind = "json" if options.json else "table" if sys.stdout.isatty() else "csv"
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    listing = listings.LISTINGS[kind](sys.stdout)
    unread = 0
    for batch in classification.classified(classifier, found_images.found(options.images)):
        for problem in batch.problems:
            print(f"swatchbook: {problem}", file=sys.stderr)
        unread += len(batch.problems)
        listing.write(batch.rows)
        sys.stdout.flush()
    return NOT_ALL if unread else 0
