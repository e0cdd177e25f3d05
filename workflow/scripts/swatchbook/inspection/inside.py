"""What trained networks compute: a map of images, what they look at, which images are alike."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import matplotlib as mpl
import numpy as np
import pandas as pd

from swatchbook.data import arrays
from swatchbook.figures import attributions as colouring
from swatchbook.figures import catalogue, sheet, style
from swatchbook.figures.inside import Looked
from swatchbook.files import read_json, replacing, write_json
from swatchbook.inspection import attributions, neighbours

MOST_MODELS = 4
MOST_VALUES = 1 << 26  # of the features that a map is made of: 256 MB of float32
WRONG, ONLY, RIGHT = 5, 3, 1  # images of each list of the gallery whose maps are shown
MISTAKES = 12  # of each model, whose nearest training images are shown
CHECKED = 48  # images whose maps are compared with those of random weights
STEPS = 32  # of integrated gradients
QUALITY = 50  # of the thumbnails, which are many and small
LARGEST = 64  # pixels of a map's longer side


class Network(Protocol):
    """`training.inside.Inside`, as far as it is needed here."""

    description: list[dict[str, Any]]
    hidden: str | None
    width: int

    def features(self, images: np.ndarray) -> Iterable[np.ndarray]: ...
    def integrated_gradients(
        self, images: np.ndarray, classes: np.ndarray, steps: int
    ) -> tuple[np.ndarray, np.ndarray]: ...
    def grad_cam(self, images: np.ndarray, classes: np.ndarray) -> np.ndarray | None: ...
    def first_filters(self) -> np.ndarray | None: ...


class Networks(Protocol):
    """`training.inside.Opened`."""

    trained: Network
    random: Network


Maps = dict[str, np.ndarray]  # by method, shape (n, ...)


def look_inside(
    results: str | Path,
    models: Sequence[str],
    seed: int,
    reference: str,
    classes: Sequence[str],
    settings: Mapping[str, Any],
    confidence: float,
    output: str | Path,
    opened: Callable[[Path, Path, Path], Networks],
) -> None:
    """Look into one trained network of each model of a data set; write `output`.

    ``map.csv``
        For each model and each test image of the map, `on_a_map` of what its last layer is given:
        model, row, id, label, called, probability, x, y.
    ``nearest.csv``
        For each mistake the training images most alike: model, row, id, label, called, rank,
        training_row, training_id, training_label, similarity.
    ``filters.csv``
        The weights of the first convolutions: model, filter, row, column, channel, weight.
    ``inside.json``
        ``seed``, ``models``; ``networks``, what each is made of; ``map``, ``maps`` and
        ``neighbours``, where thumbnails are on the sheets ``map.webp`` (in the order of rows),
        ``maps.webp`` and ``nearest.webp``; ``looks`` and ``nearest``, which images are shown, by
        their numbers in the gallery and on these sheets.

    Parameters
    ----------
    results
        The data set's folder.
    models
        Those that are shown one by one; at most `MOST_MODELS` are looked into: the reference, and
        of the others the most accurate.
    seed
        The training of each that is looked into.
    reference
        The model that the others are compared with.
    classes
        The class names.
    settings
        ``images``, at most so many test images are on the map; ``neighbours``, so many training
        images are shown of each mistake; ``random_state``, of the map and of its images.
    confidence
        Of intervals.
    opened
        `training.opened`.

    Raises
    ------
    DataError
        If arrays or weights cannot be read.
    """
    results, output = Path(results), Path(output)
    found = _Found(results, _chosen(results, models, reference), seed, classes, settings)
    for model in found.models:
        cell = results / model / f"seed-{seed}"
        networks = opened(cell / "model.keras", cell / "run.json", results / "arrays")
        found.look(model, networks, confidence)
    found.write(output)


def _chosen(results: Path, models: Sequence[str], reference: str) -> list[str]:
    """Return the models that are looked into, in their order."""
    if len(models) <= MOST_MODELS:
        return list(models)
    measured = read_json(results / "comparison.json")["models"]
    best = sorted(models, key=lambda model: -measured[model]["metrics"]["accuracy"]["mean"])
    kept = {reference, *[model for model in best if model != reference][: MOST_MODELS - 1]}
    return [model for model in models if model in kept]


class _Found:
    """What is found of one data set, model by model."""

    def __init__(
        self,
        results: Path,
        models: Sequence[str],
        seed: int,
        classes: Sequence[str],
        settings: Mapping[str, Any],
    ):
        self.models, self.seed, self.classes, self.settings = models, seed, classes, settings
        self._arrays = results / "arrays"
        self._images = arrays.load(self._arrays, "test", mapped=True)[0]
        self._train = arrays.load(self._arrays, "train", seed, mapped=True)[0]
        self._train_index = arrays.read_index(self._arrays, "train", seed)
        self._predictions = {
            model: _predictions(results / model / f"seed-{seed}" / "predictions.csv")
            for model in models
        }
        gallery = read_json(results / "gallery" / "gallery.json")
        # Of a cross-validation the gallery shows images that other seeds test.
        self._place = {
            image["row"]: number
            for number, image in enumerate(gallery["images"])
            if image["split"] == "test" and image["row"] in self._predictions[models[0]].index
        }
        self._lists = [
            entry | {"rows": [gallery["images"][number]["row"] for number in entry["images"]]}
            for entry in gallery["lists"]
        ]
        self.rows = self._sampled(np.prod(self._images.shape[1:]))
        self.looked = self._to_look_at()
        self.networks: dict[str, Any] = {}
        self.hidden: dict[str, Any] = {}
        self.map: list[pd.DataFrame] = []
        self.filters: dict[str, np.ndarray] = {}
        self.of_looks: dict[str, Any] = {}
        self.nearest: dict[str, list[dict[str, Any]]] = {}
        self.near: list[pd.DataFrame] = []
        self.maps: list[np.ndarray] = []
        self.neighbours: list[np.ndarray] = []

    def _sampled(self, values: int) -> np.ndarray:
        """Return the rows of the test images of the map, ascending."""
        rows = self._predictions[self.models[0]].index.to_numpy()
        count = min(len(rows), self.settings["images"])
        generator = np.random.default_rng(self.settings["random_state"])
        return np.sort(generator.choice(rows, count, replace=False))

    def _to_look_at(self) -> list[int]:
        """Return the rows of the test images whose maps are shown: telling ones of the gallery."""
        most = {"wrong": WRONG, "only": ONLY, "right": RIGHT}
        rows: dict[int, None] = {}
        for entry in self._lists:
            if entry["kind"] in most and {entry["model"], entry["other"]} - {None} <= {
                *self.models
            }:
                here = [row for row in entry["rows"] if row in self._place]
                rows |= dict.fromkeys(here[: most[entry["kind"]]])
        return list(rows)

    def mistakes(self, model: str) -> list[int]:
        """Return the rows of the gallery's images that this training calls wrong."""
        named = self._predictions[model]
        rows: dict[int, None] = {}
        for entry in self._lists:
            wrong = entry["model"] if entry["kind"] == "wrong" else entry["other"]
            if wrong == model:
                rows |= dict.fromkeys(row for row in entry["rows"] if row in self._place)
        known = named.loc[list(rows)]
        return known.index[known["label"] != known["predicted"]].tolist()[:MISTAKES]

    def look(self, model: str, networks: Networks, confidence: float) -> None:
        """Look into one network."""
        network = networks.trained
        self.networks[model] = _summed(network.description)
        self.hidden[model] = {"kind": network.hidden, "width": network.width}
        filters = network.first_filters()
        if filters is not None:
            self.filters[model] = filters
        self._map(model, network)
        self._look_at(model, networks, confidence)
        self._find_nearest(model, network)

    def _map(self, model: str, network: Network) -> None:
        # Where a layer is given very many values, memory has room for fewer images.
        rows = self.rows[: max(4, MOST_VALUES // network.width)]
        features = np.concatenate(list(network.features(self._of(rows))))
        places = neighbours.on_a_map(features, self.settings["random_state"]).round(4)
        known = self._predictions[model].loc[rows]
        self.map.append(
            pd.DataFrame(
                {
                    "model": model,
                    "row": rows,
                    "id": known["id"].to_numpy(),
                    "label": known["label"].to_numpy(),
                    "called": known["predicted"].to_numpy(),
                    "probability": known["probability"].round(3).to_numpy(),
                    "x": places[:, 0],
                    "y": places[:, 1],
                }
            )
        )

    def _of(self, rows: Sequence[int] | np.ndarray) -> np.ndarray:
        return np.array(self._images[np.asarray(rows, dtype=int)])

    def _look_at(self, model: str, networks: Networks, confidence: float) -> None:
        """Find what a network looks at, and what one that has learned nothing would."""
        rows = [*self.looked, *(row for row in self.rows if row not in self.looked)]
        rows = rows[: max(CHECKED, len(self.looked))]
        images, known = self._of(rows), self._predictions[model].loc[rows]
        called = known["predicted"].map({name: n for n, name in enumerate(self.classes)})
        maps, residual = _maps(networks.trained, images, called.to_numpy(int))
        chance, _ = _maps(networks.random, images, called.to_numpy(int))
        checks = {}
        for method in maps:
            # Black pixels have no gradients to integrate, whatever a network has learned.
            counts = np.ones(maps[method].shape[:3], bool)
            counts = images.any(axis=3) if method == "gradients" else counts
            found = attributions.rank_correlations(maps[method], chance[method], counts)
            checks[method] = attributions.told(found, confidence)
        shown = {}
        for method, of_images in maps.items():
            first = len(self.maps)
            shown[method] = [first + number for number in range(len(self.looked))]
            # Doubled: lossy WebP keeps a colour for four pixels.
            side = max(1, LARGEST // max(images.shape[1:3]))
            self.maps += [
                colouring.DRAWN[method](image, values).repeat(side, axis=0).repeat(side, axis=1)
                for image, values in zip(images, of_images, strict=True)
            ][: len(self.looked)]
        self.of_looks[model] = {"residual": residual, "checks": checks, "maps": shown}

    def _find_nearest(self, model: str, network: Network) -> None:
        """Find the training images that a network takes for most like its mistakes."""
        rows = self.mistakes(model)
        self.nearest[model] = []
        if not rows:
            return
        queries = np.concatenate(list(network.features(self._of(rows))))
        count = self.settings["neighbours"]
        found, similarities = neighbours.nearest(queries, network.features(self._train), count)
        for row, near, alike in zip(rows, found, similarities, strict=True):
            known = self._predictions[model].loc[row]
            of_training = self._train_index.iloc[near]
            self.near.append(
                pd.DataFrame(
                    {
                        "model": model,
                        "row": row,
                        "id": known["id"],
                        "label": known["label"],
                        "called": known["predicted"],
                        "rank": np.arange(1, len(near) + 1),
                        "training_row": near,
                        "training_id": of_training["id"].to_numpy(),
                        "training_label": of_training["label"].to_numpy(),
                        "similarity": alike.astype(float).round(4),
                    }
                )
            )
            first = len(self.neighbours)
            self.neighbours += [np.array(self._train[one]) for one in near]
            self.nearest[model].append(
                {
                    "image": self._place[row],
                    "called": known["predicted"],
                    "thumbnails": [first + number for number in range(len(near))],
                    "labels": of_training["label"].tolist(),
                    "ids": of_training["id"].tolist(),
                    "similarities": [round(float(one), 3) for one in alike],
                }
            )

    def write(self, output: Path) -> None:
        """Write everything."""
        output.mkdir(parents=True, exist_ok=True)
        near = [pd.DataFrame(columns=NEAREST_COLUMNS), *self.near]
        with replacing(output / "nearest.csv") as path:
            pd.concat([table for table in near if len(table)] or near).to_csv(
                path, index=False, lineterminator="\n"
            )
        of = Looked(pd.concat(self.map), list(self.classes), self.models, self.filters)
        with mpl.rc_context(style.STYLE):
            for figure in catalogue.drawn({catalogue.INSIDE}, "inside"):
                figure.draw(of, output)
        write_json(
            output / "inside.json",
            {
                "seed": self.seed,
                "models": list(self.models),
                "networks": self.networks,
                "map": _sheet(output / "map.webp", self._of(self.rows))
                | {
                    "images": len(self.rows),
                    "of": len(self._predictions[self.models[0]]),
                    "hidden": self.hidden,
                },
                "maps": _sheet(output / "maps.webp", self.maps, LARGEST),
                "neighbours": _sheet(output / "nearest.webp", self.neighbours),
                "looks": {
                    "images": [self._place[row] for row in self.looked],
                    "called": {
                        model: self._predictions[model].loc[self.looked, "predicted"].tolist()
                        for model in self.models
                    },
                    "probabilities": {
                        model: self._predictions[model].loc[self.looked, "probability"].tolist()
                        for model in self.models
                    },
                    "models": self.of_looks,
                    "steps": STEPS,
                },
                "nearest": self.nearest,
                "filtered": list(self.filters),
                "training_images": len(self._train),
            },
        )


NEAREST_COLUMNS = ["model", "row", "id", "label", "called", "rank"]
NEAREST_COLUMNS += ["training_row", "training_id", "training_label", "similarity"]


def _predictions(file: Path) -> pd.DataFrame:
    texts = dict.fromkeys(("id", "label", "predicted"), str)
    return pd.read_csv(file, dtype=texts, keep_default_na=False, index_col="row")


def _summed(layers: list[dict[str, Any]]) -> dict[str, Any]:
    keys = ("parameters", "learned", "multiply_adds")
    return {"layers": layers} | {key: sum(layer[key] for layer in layers) for key in keys}


def _maps(network: Network, images: np.ndarray, classes: np.ndarray) -> tuple[Maps, float]:
    """Return the maps of each method, and how far integrated gradients are from complete.

    That is the mean distance of their sum from the difference in logits, as a share of the mean
    size of that.
    """
    gradients, differences = network.integrated_gradients(images, classes, STEPS)
    off = np.abs(gradients.sum(axis=(1, 2, 3)) - differences).mean()
    maps = {"gradients": gradients}
    cams = network.grad_cam(images, classes)
    if cams is not None:
        maps["cam"] = cams
    return maps, float(off / max(np.abs(differences).mean(), 1e-12))


def _sheet(
    path: Path, images: Sequence[np.ndarray], largest: int = sheet.LARGEST
) -> dict[str, int]:
    """Write a sheet of thumbnails; return where they are on it."""
    given = list(images) or [np.zeros((1, 1, 1), np.float32)]
    content, height, width = sheet.draw(given, QUALITY, largest)
    with replacing(path) as file:
        file.write_bytes(content)
    rows = -(-len(given) // sheet.COLUMNS)
    return {"columns": sheet.COLUMNS, "rows": rows, "width": width, "height": height}
