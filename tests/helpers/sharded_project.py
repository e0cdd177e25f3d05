"""A project whose images are decoded by shards, of which one can be made to end in the middle."""

from project import Project

RESULTS = "results/own-images"
ARRAYS = f"{RESULTS}/arrays"
INDEX = f"{ARRAYS}/index.parquet"

# Put into the entry point: the second shard's job does this to itself, once, when the moment comes.
DYING = """
import os, signal
from pathlib import Path
import numpy as np
from swatchbook.data import pictures, sharding

died = Path("died")
images = 0


def die():
    if snakemake.wildcards.scatteritem.startswith("2-of-") and not died.exists():
        died.touch()
        os.kill(os.getpid(), signal.{signal})


def before(function, is_the_moment):
    def called(*arguments):
        if is_the_moment(*arguments):
            die()
        return function(*arguments)
    return called


def is_half_way(*_):
    global images
    images += 1
    return images == 300


def writes_half(path, pixels):
    Path(path).write_bytes(b"half")
    return True


{moment}
"""
MOMENTS = {
    "it decodes": "pictures.read = before(pictures.read, is_half_way)",
    "it writes the images": "np.save = before(np.save, writes_half)",
    "it has written the images alone": (
        "sharding.write_json = before(sharding.write_json, lambda *_: True)"
    ),
}


def divide(project: Project, shards: int) -> None:
    """Have the project's images decoded in so many parts."""
    file = project.work / "config/datasets/own-images.yaml"
    lines = [line for line in file.read_text().splitlines() if not line.startswith("shards:")]
    file.write_text("\n".join([*lines, f"shards: {shards}", ""]))


def let_the_second_die(project: Project, moment: str, signal: str = "SIGKILL") -> None:
    """Have the job of the second shard get a signal at a moment of `MOMENTS`, but only once."""
    entry_point = project.folder / "workflow/scripts/decode_shard.py"
    dying = DYING.format(signal=signal, moment=MOMENTS[moment])
    entry_point.write_text(
        entry_point.read_text().replace("\nwith reporting", f"{dying}\nwith reporting")
    )
