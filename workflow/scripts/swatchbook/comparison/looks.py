"""When a sequential comparison looks at its runs: plain numbers, which the Snakefile needs too."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

GROWTH = 1.6  # so many times the seeds of one look are there at the next


def schedule(first: int, last: int) -> list[int]:
    """Return after how many seeds there is a look, the first and the last among them.

    They grow by about `GROWTH`, evenly in their logarithm: 3, 5, 8, 12, 20 from 3 to 20.
    """
    steps = max(1, round(math.log(last / first) / math.log(GROWTH)))
    return sorted({round(first * (last / first) ** (step / steps)) for step in range(steps + 1)})


def design(config: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the sequential design of a checked configuration; ``None`` where its seeds are a list.

    ``looks``: numbers of seeds; ``margin``: points or ``None``; ``comparisons``: how many the
    report has, all data sets together. `sequential.Design` is made of it.
    """
    seeds = config["seeds"]
    if not isinstance(seeds, Mapping):
        return None
    return {
        "looks": schedule(seeds["from"], seeds["to"]),
        "margin": config["comparison"]["margin"],
        "comparisons": len(config["datasets"]) * (len(config["models"]) - 1),
    }


def first_seeds(seeds: Sequence[int] | Mapping[str, Any]) -> list[int]:
    """Return the seeds that every model is trained with whatever they show."""
    return list(range(seeds["from"])) if isinstance(seeds, Mapping) else list(seeds)
