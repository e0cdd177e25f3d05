"""A results folder as the workflow leaves it, made up without any training."""

import copy
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from paths import PUBLISHED
from swatchbook import inspection, provenance, training
from swatchbook.comparison import looks, metrics, per_class, side_by_side
from swatchbook.data import arrays, corruptions
from swatchbook.data import folds as folding
from swatchbook.data.dataset_formats import Images
from swatchbook.data.splits import SPLITS
from swatchbook.figures import catalogue, drawing
from swatchbook.files import read_json, write_json
from swatchbook.inspection import (
    data_checks,
    exploration,
    label_errors,
    prediction_checks,
    prediction_sets,
    robustness,
)
from swatchbook.report import gallery
from swatchbook.training import devices, evaluation, model_files
from swatchbook.training import models as models_built
from training_inputs import SETTINGS as SETTINGS_OF_TRAININGS

ANALYSES = ("corruptions", "prediction_sets", "label_errors", "look_inside")
SIDE = 6  # pixels
# What decoding says of images whose files were all right.
NOTES = {"formats": {}, "sizes": [], "changes": {}, "left_out": {}, "passed_over": []}
SKILL = {"train": 2.0, "validation": 1.4, "test": 1.2}
SETTINGS = {"confidence": 0.95, "design": None}
RECORDS = {
    "figures/provenance.json": "draw_figures",
    "explore/provenance.json": "explore_dataset",
    "checks/twins.json": "check_data",
    "checks/label_suspects.json": "check_predictions",
    "gallery/provenance.json": "choose_images",
}
LOOK_INSIDE = {"images": 1000, "neighbours": 3, "random_state": 0}
TRAINING = SETTINGS_OF_TRAININGS | {
    "epochs": 2,
    "batch_size": 8,
    "learning_rate": 0.001,
    "precision": "auto",
    "device": "auto",
}
SPEC = {
    "title": "Made up",
    "description": "Noise with labels.",
    "homepage": "https://example.org/made-up",
    "licence": "CC0",
    "format": "idx",
    "image": {"height": SIDE, "width": SIDE, "channels": 1},
    "classes": ["cat", "dog", "owl"],
    "files": {"images.gz": {"sha256": []}},
}


def make_dataset(
    folder: Path,
    models: Sequence[str],
    seeds: Sequence[int],
    classes: Sequence[str],
    *,
    validation: int = 8,
    test: int = 24,
    watch_test: bool = False,
    design: Mapping[str, Any] | None = None,
    folds: int | None = None,
) -> Path:
    """Make up one data set's arrays and evaluated runs and compare them; return the folder.

    With `folds` it is cross-validated.
    """
    sizes = dict(zip(SPLITS, (24, validation, test), strict=True))
    starts = dict(zip(SPLITS, np.cumsum([0, *sizes.values()])[:-1], strict=True))
    count = sum(sizes.values())
    labels = np.arange(count) % len(classes)
    pixels = np.random.default_rng(0).integers(0, 256, (count, SIDE, SIDE, 1), np.uint8)
    pixels[-1] = pixels[0]  # the last test image has a copy in the training set
    pixels[1] = 7
    rows = {split: np.arange(starts[split], starts[split] + sizes[split]) for split in SPLITS}
    ids = [f"{number:05d}" for number in range(count)]
    drawn = None
    if folds:
        drawn = folding.draw(Images(ids, pixels, labels), folds=folds, validation_share=0.15)
        none = np.arange(0)
        rows = {"train": none, "validation": none, "test": np.arange(count)}
    arrays.write(folder / "arrays", pixels, labels, ids, rows, classes, drawn)
    write_json(folder / "arrays" / "decoding.json", NOTES)
    for number, model in enumerate(models):
        for seed in seeds:
            of_seed = {split: drawn.rows(split, seed) for split in SPLITS} if drawn else rows
            truth = {split: labels[of_seed[split]] for split in SPLITS}
            _make_run(folder, model, number, seed, truth, classes, watch_test)
    settings = {"reference": models[0], **SETTINGS, "design": design}
    side_by_side.compare(folder, models, seeds, settings, PUBLISHED, folder / "comparison.json")
    confidence = settings["confidence"]
    per_class.rate_classes(folder, models, seeds, classes, confidence, folder / "per_class.csv")
    return folder


def labels_of(folder: Path, split: str) -> np.ndarray:
    """The class indices of one split, shape (images,)."""
    return np.load(folder / "arrays" / f"y_{split}.npy").argmax(1)


def _make_run(
    folder: Path,
    model: str,
    number: int,
    seed: int,
    labels: Mapping[str, np.ndarray],
    classes: Sequence[str],
    watch_test: bool,
) -> None:
    cell = folder / model / f"seed-{seed}"
    cell.mkdir(parents=True)
    generator = np.random.default_rng([number, seed])
    measured: dict[str, Any] = {}
    for split, truth in labels.items():
        scores = generator.normal(size=(len(truth), len(classes)))
        scores[np.arange(len(truth)), truth] += SKILL[split] + number
        likelihoods = np.exp(scores)
        probabilities = (likelihoods / likelihoods.sum(1, keepdims=True)).astype(np.float32)
        measured[split] = metrics.summary(truth, probabilities) if len(truth) else None
        if split in evaluation.PROBABILITIES:
            np.save(cell / evaluation.PROBABILITIES[split], probabilities)
    write_json(cell / "metrics.json", measured)
    predicted = probabilities.argmax(1)
    index = arrays.read_index(folder / "arrays", "test", seed)
    index["predicted"] = [classes[n] for n in predicted]
    index["probability"] = probabilities.max(1)
    index.set_index("row").to_csv(cell / "predictions.csv", lineterminator="\n")
    for name in ("classification_report", "confusion_matrix"):
        table = getattr(metrics, name)(labels["test"], predicted, classes)
        table.to_csv(cell / f"{name}.csv", lineterminator="\n")
    epochs = np.arange(1, TRAINING["epochs"] + 1)
    history = {"epoch": epochs, "loss": 1 / epochs, "accuracy": 1 - 0.5 / epochs}
    watched = len(labels["validation"]) > 0
    history |= {"val_loss": 1.2 / epochs if watched else None}
    history |= {"val_accuracy": 1 - 0.6 / epochs if watched else None}
    history |= {"last_batch_loss": 0.3 / epochs + 0.01 * seed if watch_test else None}
    history |= {"last_batch_accuracy": 0.9 if watch_test else None}
    history |= {"test_loss": 0.5 if watch_test else None}
    history |= {"test_accuracy": 0.83 + 0.01 * seed if watch_test else None}
    history |= {"learning_rate": 0.001, "seconds": 0.5, "images_per_second": 48.0}
    pd.DataFrame(history).to_csv(cell / "history.csv", index=False, lineterminator="\n")
    device = {"kind": "cpu", "name": "A made-up CPU", "precision": "float32"}
    write_json(
        cell / "run.json",
        {
            "seed": seed,
            "layers": [{"flatten": {}}],
            "training": TRAINING | {"watch_test": watch_test},
            "parameters": 1234,
            "training_images": len(labels["train"]),
            **_fold(folder, seed),
            "device": device | {"reason": "it was made up", "threads": 1},
            "versions": dict.fromkeys(("python", "tensorflow", "keras", "numpy"), "1.2.3"),
            "stopped_after": TRAINING["epochs"],
            "kept_epoch": TRAINING["epochs"],
            "resumed_after": [1] if seed == 0 else [],
            "other_processors": [],
            "started": "2026-01-02T03:04:05Z",
            "seconds": 1.5,
            "seconds_in_epochs": 1.0,
        },
    )


def _fold(folder: Path, seed: int) -> dict[str, Any]:
    """What run.json says of a fold."""
    found = folding.read(folder / "arrays")
    if found is None:
        return {}
    sizes = {f"{split}_images": len(found.rows(split, seed)) for split in ("validation", "test")}
    return {"fold": {"repetition": seed // found.count, "folds": found.count, **sizes}}


def make_results(
    results: Path,
    *,
    models: Sequence[str] = ("baseline", "dropout"),
    seeds: Sequence[int] = (0, 1, 2),
    specs: Mapping[str, Mapping[str, Any]] | None = None,
    notice: str | None = None,
    validation: int = 8,
    test: int = 24,
    watch_test: bool = False,
    until_decided: tuple[int, int] | None = None,
    folds: int | None = None,
    analysis: Mapping[str, Any] | None = None,
    inside: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
) -> dict[str, Any]:
    """Make up all that the report needs, figures too; return the checked configuration.

    Parameters
    ----------
    specs
        For each data set what differs from `SPEC`.
    until_decided
        The first and the last number of seeds of a sequential comparison, of which `seeds` were
        taken.
    folds
        Of every data set, if they are cross-validated; `seeds` are whole repetitions.
    analysis
        ``analysis`` in the configuration: which of how models fail there is.
    inside
        The layers of each model, if networks are to be looked into: real ones with random weights.
    """
    specs = {name: SPEC | dict(spec) for name, spec in (specs or {"made-up": {}}).items()}
    settings = TRAINING | {"watch_test": watch_test}
    config = {
        "datasets": list(specs),
        "mirror": None,
        "models": {model: {"layers": [{"flatten": {}}], "training": settings} for model in models},
        "seeds": list(seeds),
        "training": settings,
        "ablation": None,
        "evaluation": {"views": None},
        "analysis": dict.fromkeys(ANALYSES) | dict(analysis or {}),
        "comparison": {"reference": models[0], "confidence": SETTINGS["confidence"], "margin": 1.5},
        "report": {"title": "Swatchbook", "notice": notice, "exports": False},
        "specs": copy.deepcopy(specs),
    }
    if until_decided:
        first, last = until_decided
        config["seeds"] = {"from": first, "to": last, "until": "decided"}
    if inside:
        config["analysis"]["look_inside"] = LOOK_INSIDE
    planned = looks.design(config)
    for name, spec in specs.items():
        folder, classes = results / name, spec["classes"]
        made = {"validation": validation, "test": test, "watch_test": watch_test, "design": planned}
        made |= {"folds": folds}
        make_dataset(folder, models, seeds, classes, **made)
        draw(folder, models, seeds, classes, catalogue.facts(config))
        exploration.explore(folder / "arrays", classes, folder / "explore")
        data_checks.check_data(folder / "arrays", classes, folder / "checks")
        confidence = SETTINGS["confidence"]
        prediction_checks.check_predictions(
            folder, models, seeds, classes, confidence, folder / "checks"
        )
        gallery.choose_images(folder, models, seeds, models[0], classes, folder / "gallery")
        analyse(folder, models, seeds, classes, config["analysis"])
        records = dict(RECORDS)
        if inside:
            look_inside(folder, inside, seeds[0], classes)
            records["inside/provenance.json"] = "look_inside"
        for record, rule in records.items():
            index = folder / "arrays" / "index.csv"
            provenance.record(folder / record, rule, [index], {"models": list(models)})
        for file in spec["files"]:
            receipt = {"file": file, "source": "https://example.org/base/", "bytes": 1234}
            write_json(folder / "download" / f"{file}.json", receipt | {"sha256": "0" * 64})
    return config


def analyse(
    folder: Path,
    models: Sequence[str],
    seeds: Sequence[int],
    classes: Sequence[str],
    analysis: Mapping[str, Any],
) -> None:
    """Make what is on in `analysis` of one data set; what is right under corruption is made up."""
    index = [folder / "arrays" / "index.csv"]
    confidence = SETTINGS["confidence"]
    if analysis["corruptions"]:
        part = folder / "corruptions"
        make_right(part / "right.npz", folder, models, seeds)
        robustness.sum_up_corruptions(folder, models, seeds, models[0], confidence, models, part)
        provenance.record(part / "provenance.json", "sum_up_corruptions", index, {})
    if analysis["prediction_sets"]:
        part, coverage = folder / "prediction_sets", analysis["prediction_sets"]["coverage"]
        prediction_sets.make_prediction_sets(
            folder, models, seeds, classes, coverage, confidence, models, part
        )
        provenance.record(part / "provenance.json", "make_prediction_sets", index, {})
    if analysis["label_errors"]:
        part = folder / "label_errors"
        label_errors.compare_label_errors(folder, models, seeds, classes, part)
        provenance.record(part / "provenance.json", "compare_label_errors", index, {})


def make_right(file: Path, folder: Path, models: Sequence[str], seeds: Sequence[int]) -> None:
    """Make up what models call right under corruption: less the stronger, later models more."""
    found = folding.read(folder / "arrays")
    images = len(labels_of(folder, "test"))
    falls = np.tile(np.linspace(0.85, 0.3, corruptions.STRENGTHS), len(corruptions.CORRUPTIONS))
    chances = np.concatenate([[0.9], falls])
    generator = np.random.default_rng(0)
    right = np.full((len(models), len(seeds), len(chances), images), -1, np.int8)
    for number in range(len(models)):
        for place, seed in enumerate(seeds):
            tested = found.rows("test", seed) if found else np.arange(images)
            drawn = generator.random((len(chances), len(tested)))
            right[number, place, :, tested] = (drawn < (chances + 0.05 * number)[:, None]).T
    file.parent.mkdir(parents=True)
    np.savez_compressed(file, rows=np.arange(images), right=right)


def look_inside(
    folder: Path,
    layers: Mapping[str, Sequence[Mapping[str, Any]]],
    seed: int,
    classes: Sequence[str],
    **settings: int,
) -> None:
    """Save a network of random weights for each model, and look into it."""
    devices.import_tensorflow()
    shape = np.load(folder / "arrays" / "x_test.npy", mmap_mode="r").shape[1:]
    for model, of_model in layers.items():
        cell = folder / model / f"seed-{seed}"
        built = models_built.build(of_model, shape, len(classes), seed, "float32")
        model_files.save(built, cell / "model.keras")
        write_json(cell / "run.json", read_json(cell / "run.json") | {"layers": of_model})
    first, *_ = layers
    inspection.look_inside(
        folder,
        list(layers),
        seed,
        first,
        classes,
        LOOK_INSIDE | settings,
        SETTINGS["confidence"],
        folder / "inside",
        training.opened,
    )


def draw(
    folder: Path,
    models: Sequence[str],
    seeds: Sequence[int],
    classes: Iterable[str],
    facts: Collection[str] = (),
    **more: Any,
) -> Path:
    """Draw the comparison's figures of one data set; return their folder."""
    figures = folder / "figures"
    drawing.draw_comparison(
        folder, models, seeds, models[0], list(classes), PUBLISHED, figures, facts, **more
    )
    return figures
