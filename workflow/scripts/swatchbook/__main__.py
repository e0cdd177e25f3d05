"""What is asked of Swatchbook outside of a workflow: `swatchbook COMMAND …`, by the table below.

A command's module has ``add_arguments(parser)``, which tells argparse what it takes, and
``run(options)``, which does it and returns the exit status. It is imported for any command, so that
the help can show it: what is heavy is imported by ``run``.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NamedTuple

from swatchbook.errors import SwatchbookError

FAILED, INTERRUPTED = 1, 130


class Command(NamedTuple):
    """An entry of the table.

    Attributes
    ----------
    module
        Its dotted name.
    title
        What the command does, in a line for the help.
    """

    module: str
    title: str


# A new command is a module and a line here.
COMMANDS = {
    "new": Command(
        "swatchbook.discovery.command",
        "Make a working directory for your images.",
    ),
    "predict": Command("swatchbook.deployment.predict", "Say what is on images."),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that is named first; return the exit status.

    Parameters
    ----------
    arguments
        Those after the program's name; by default those of the process.
    """
    parser = argparse.ArgumentParser(
        prog="swatchbook",
        description="Image classifiers side by side. The workflow itself is run by snakemake.",
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, command in COMMANDS.items():
        module = import_module(command.module)
        its_parser = commands.add_parser(name, help=command.title, description=command.title)
        module.add_arguments(its_parser)
        its_parser.set_defaults(run=module.run)
    options = parser.parse_args(arguments)
    try:
        status = options.run(options)
        sys.stdout.flush()
        return status
    except SwatchbookError as error:
        print(f"swatchbook: error: {' '.join(str(error).split())}", file=sys.stderr)
        return FAILED
    except BrokenPipeError:  # whoever read has seen enough; Python would complain at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
