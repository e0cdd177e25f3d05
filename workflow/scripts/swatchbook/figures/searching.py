"""The figure of a search: its trials, one after the other."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd

from swatchbook.figures import style

LOOKS = {  # of each state: marker, colour
    "complete": ("o", "#0072b2"),
    "pruned": ("x", "#d55e00"),
}


def draw_search(trials: Sequence[Mapping[str, Any]], monitor: str, folder: str | Path) -> None:
    """Draw what each trial reached, and the best so far, as ``search``.

    Parameters
    ----------
    trials
        Each with ``number``, ``state`` and ``value``; one that diverged has no value, and is only
        in the table.
    monitor
        ``val_loss`` or ``val_accuracy``.
    """
    table = pd.DataFrame(
        [{key: one[key] for key in ("number", "state", "value")} for one in trials]
    )
    complete = table["value"].astype(float).where(table["state"] == "complete")
    best = complete.cummin() if monitor == "val_loss" else complete.cummax()
    table["best_so_far"] = best.ffill()
    with mpl.rc_context(style.STYLE):
        figure, ((axes,),) = style.new(8, 3.6)
        axes.step(
            table["number"],
            table["best_so_far"],
            where="post",
            color=style.INK,
            label="best so far",
        )
        for state, (marker, colour) in LOOKS.items():
            shown = table[table["state"] == state]
            if len(shown):
                axes.plot(shown["number"], shown["value"], marker, color=colour, label=state)
        axes.set_xlabel("trial")
        axes.set_ylabel({"val_loss": "validation loss"}.get(monitor, "validation accuracy"))
        axes.xaxis.set_major_locator(mpl.ticker.MaxNLocator(integer=True))
        style.legend(figure, 3)
        style.save(figure, folder, "search")
    style.write_table(table, folder, "search")
