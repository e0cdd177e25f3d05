"""Every figure there is, a line each: known without importing what draws."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name
from typing import Any


@dataclass(frozen=True)
class Figure:
    """A figure: what draws it, where its files are, and where it stands on the page.

    Its title and how to read it are texts of the page, in ``workflow/report/reading.yaml``.

    Attributes
    ----------
    name
        Its files' name without suffix.
    draws
        The function that draws it, as ``module.function`` of this package.
    folder
        The folder of a data set's results that has its files. All figures of ``figures`` and of
        ``explore`` are drawn by one job each, those of other folders by the job that finds what
        they show.
    record
        The name, without suffix, of the file beside it that says what it was drawn from.
    section
        The section of the page that shows it, an id of `report.sections`; ``None`` if it is a file
        only, because the page shows its content in a form of its own.
    is_first
        Whether it stands before the others of its section, which stand in the order of the table.
    only_if
        The one of `facts` or `facts_of` without which it is not drawn; empty for always.
    in_detail
        Whether it looks at one model after the other, and so leaves those out that `detailed` does.
    is_charted
        Whether the page draws it from its numbers too, to be touched: by the function of its name
        in ``workflow/report/charts.js``.
    """

    name: str
    draws: str
    folder: str = "figures"
    record: str = "provenance"
    section: str | None = None
    is_first: bool = False
    only_if: str = ""
    in_detail: bool = False
    is_charted: bool = False

    def draw(self, of: object, output: Path) -> None:
        """Draw it into a folder from what all figures of its job are drawn from."""
        resolve_name(f"{__package__}.{self.draws}")(of, output)


RESIZED = "resized"
INSIDE = "inside"

FIGURES = (
    Figure("accuracy", "side_by_side.draw_accuracy", section="differences", is_charted=True),
    Figure(
        "forest",
        "side_by_side.draw_forest",
        section="differences",
        is_first=True,
        is_charted=True,
    ),
    Figure("agreement", "side_by_side.draw_agreement", section="differences", is_charted=True),
    Figure(
        "pairs",
        "pairs.draw_pairs",
        section="differences",
        only_if="several",
        in_detail=True,
        is_charted=True,
    ),
    Figure("ablation", "side_by_side.draw_ablation", section="ablation", only_if="ablated"),
    Figure("changes", "learning.draw_changes", section="ablation", only_if="changed"),
    Figure("grid", "side_by_side.draw_grid", section="ablation", only_if="gridded"),
    Figure("search", "searching.draw_search", "search", section="search", only_if="searched"),
    Figure(
        "learning_curves",
        "learning.draw_learning_curves",
        section="curves",
        in_detail=True,
        is_charted=True,
    ),
    Figure("learning_rate", "learning.draw_learning_rate", section="curves", only_if="scheduled"),
    Figure("augmentation", "learning.draw_augmentation", section="curves", only_if="augmented"),
    Figure(
        "confusion_matrices",
        "predictions.draw_confusion_matrices",
        section="confusion",
        in_detail=True,
    ),
    Figure(
        "class_differences",
        "pairs.draw_class_differences",
        section="classes",
        in_detail=True,
        is_charted=True,
    ),
    Figure(
        "class_f1",
        "side_by_side.draw_class_f1",
        section="classes",
        in_detail=True,
        is_charted=True,
    ),
    Figure(
        "reliability",
        "predictions.draw_reliability",
        section="calibration",
        in_detail=True,
        is_charted=True,
    ),
    Figure(
        "risk_coverage",
        "predictions.draw_risk_coverage",
        section="calibration",
        in_detail=True,
        is_charted=True,
    ),
    Figure(
        "corruptions",
        "failures.draw_corruptions",
        "corruptions",
        section="corruptions",
        only_if="corrupted",
        is_charted=True,
    ),
    Figure(
        "corruption_samples",
        "failures.draw_corruption_samples",
        "corruptions",
        section="corruptions",
        only_if="corrupted",
    ),
    Figure(
        "prediction_sets",
        "failures.draw_prediction_sets",
        "prediction_sets",
        section="prediction_sets",
        only_if="in_sets",
        is_charted=True,
    ),
    Figure(
        "label_errors",
        "failures.draw_label_errors",
        "label_errors",
        section="label_errors",
        only_if="confident",
    ),
    Figure("right_and_wrong", "predictions.draw_right_and_wrong", in_detail=True),
    Figure("differences", "predictions.draw_differences", in_detail=True),
    Figure("cost", "side_by_side.draw_cost", section="cost", is_charted=True),
    Figure("tutorial", "learning.draw_tutorial", section="curves", only_if="watched"),
    Figure("map", "inside.draw_map", "inside", section="map", only_if=INSIDE, is_charted=True),
    Figure("filters", "inside.draw_filters", "inside", section="filters", only_if=INSIDE),
    Figure("class_balance", "exploration.draw_class_balance", "explore", section="data"),
    Figure(
        "resizing",
        "exploration.draw_resizing",
        "explore",
        record="resizing",
        section="data",
        only_if=RESIZED,
    ),
    Figure("samples_train", "exploration.draw_samples_train", "explore"),
    Figure("samples_validation", "exploration.draw_samples_validation", "explore"),
    Figure("samples_test", "exploration.draw_samples_test", "explore"),
    Figure("matrix", "exploration.draw_matrix", "explore"),
    Figure("twins", "checks.draw_twins", "checks", record="twins", section="checks"),
    Figure("label_suspects", "checks.draw_label_suspects", "checks", record="label_suspects"),
)


def facts(config: Mapping[str, Any]) -> set[str]:
    """Return what of the checked configuration decides which figures there are.

    ``watched``: all of them measured the test images after every epoch; ``scheduled``: the learning
    rate of any of them changes; ``augmented``: any of them changes its training images;
    ``ablated``: models are changes of another one; ``changed``: single ones; ``gridded``: there is
    a grid of two axes; ``searched``: there is a search over recipes; ``several``: more than two
    models are shown one by one; ``corrupted``, ``in_sets`` and ``confident``: how they fail under
    corruptions, in sets of classes and by wrong labels is analysed; ``inside``: networks are looked
    into.
    """
    analysis = config.get("analysis") or {}
    trainings = [model["training"] for model in config["models"].values()]
    found = {
        "watched": all(training["watch_test"] for training in trainings),
        "scheduled": any(
            isinstance(training["learning_rate"], Mapping)
            or "then" in (training.get("start_from") or {})
            for training in trainings
        ),
        "augmented": any(training["augmentation"] for training in trainings),
        "ablated": bool(config["ablation"]),
        "changed": bool((config["ablation"] or {}).get("changes")),
        "searched": bool(config.get("search")),
        "several": len(detailed(config)) > 2,
        "corrupted": bool(analysis.get("corruptions")),
        "in_sets": bool(analysis.get("prediction_sets")),
        "confident": bool(analysis.get("label_errors")),
        INSIDE: bool(analysis.get("look_inside")),
        "gridded": len((config["ablation"] or {}).get("grid") or {}) == 2,
    }
    return {fact for fact, holds in found.items() if holds}


def facts_of(config: Mapping[str, Any], dataset: str) -> set[str]:
    """Return `facts`, and what a data set's file decides.

    ``resized``: images of other sizes are let in.
    """
    resize = config["specs"][dataset]["image"].get("resize", "error")
    return facts(config) | ({RESIZED} if resize != "error" else set())


def detailed(config: Mapping[str, Any]) -> list[str]:
    """Return the models that are shown one by one: those that somebody wrote out.

    What an ablation makes of one of them are many, and of interest for what a change does.
    """
    made = (config["ablation"] or {}).get("variants", {})
    return [model for model in config["models"] if model not in made]


def drawn(given: Collection[str], folder: str | None = None) -> tuple[Figure, ...]:
    """Return the figures that are drawn, of one folder or of all, in the order of the table.

    Parameters
    ----------
    given
        What holds of `facts` or `facts_of`.
    """
    return tuple(
        figure
        for figure in FIGURES
        if figure.folder == (folder or figure.folder)
        and (figure.only_if in given or not figure.only_if)
    )
