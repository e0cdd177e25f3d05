"""One data set's results, as far as more than one part of the page needs them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from swatchbook.comparison import published
from swatchbook.figures import catalogue
from swatchbook.figures.catalogue import Figure
from swatchbook.files import read_json


@dataclass(frozen=True)
class DataSet:
    """What the page is made from.

    Attributes
    ----------
    folder
        ``results/<dataset>``.
    config
        The checked configuration, with the data sets' files under ``specs``.
    comparison
        The content of ``comparison.json``, by `verdicts.judged`.
    gallery
        The content of ``gallery.json``.
    checks
        ``found``, the content of ``checks/summary.json``; ``accuracy``, that of
        ``checks/accuracy_without_twins.json``; ``suspects``, how many labels look wrong.
    published
        What others published of it, by `published.results`.
    prefix
        What Snakemake knows the files in the folder of results by.
    """

    folder: Path
    config: Mapping[str, Any]
    comparison: Mapping[str, Any]
    gallery: Mapping[str, Any]
    checks: Mapping[str, Any]
    published: Sequence[Mapping[str, Any]]
    prefix: str

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def spec(self) -> Mapping[str, Any]:
        """Its file of the configuration."""
        return self.config["specs"][self.name]

    @property
    def models(self) -> list[str]:
        return list(self.config["models"])

    @property
    def made(self) -> set[str]:
        """The models that an ablation made, which are not shown one by one."""
        return set(self.models) - set(self.detailed)

    @property
    def detailed(self) -> list[str]:
        """The models that are shown one by one."""
        return catalogue.detailed(self.config)

    @property
    def comparison_in_detail(self) -> dict[str, Any]:
        """The comparison of these."""
        found = self.comparison["models"]
        return {**self.comparison, "models": {model: found[model] for model in self.detailed}}

    @property
    def seeds(self) -> Sequence[int]:
        """Those of all its models; where as many as a decision needs are taken, its own."""
        return self.comparison["seeds"]

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Its figures, those too that are files only."""
        return catalogue.drawn(catalogue.facts_of(self.config, self.name))

    @property
    def trainings(self) -> list[Mapping[str, Any]]:
        """The training settings of each model."""
        return [model["training"] for model in self.config["models"].values()]

    def runs(self) -> list[dict[str, Any]]:
        """Return what its trainings were and reached: an entry each, by model and seed."""
        found = self.comparison["models"]
        return [
            {
                "model": model,
                "seed": seed,
                "run": read_json(self.folder / model / f"seed-{seed}" / "run.json"),
                "accuracy": found[model]["metrics"]["accuracy"]["per_seed"][place],
                "wilson": found[model]["wilson"][place],
            }
            for model in self.models
            for place, seed in enumerate(self.seeds)
        ]


def read(
    folder: Path,
    config: Mapping[str, Any],
    comparison: Mapping[str, Any],
    published_folder: str | Path,
    prefix: str,
) -> DataSet:
    """Read one data set's folder.

    Parameters
    ----------
    config, comparison, prefix
        As in `DataSet`.
    published_folder
        Where the published figures are.
    """
    checks = folder / "checks"
    return DataSet(
        folder,
        config,
        comparison,
        gallery=read_json(folder / "gallery" / "gallery.json"),
        checks={
            "found": read_json(checks / "summary.json"),
            "accuracy": read_json(checks / "accuracy_without_twins.json"),
            "suspects": len(pd.read_csv(checks / "label_suspects.csv")),
        },
        published=published.results(published_folder, folder.name),
        prefix=prefix,
    )
