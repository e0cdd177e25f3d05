"""The models of one data set side by side: means, differences and how sure they are."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from swatchbook.comparison import differences, published, runs, sequential, summaries
from swatchbook.data import arrays
from swatchbook.data import folds as folding
from swatchbook.data.folds import Folds
from swatchbook.data.splits import SPLITS
from swatchbook.files import write_json


def compare(
    results: str | Path,
    models: Sequence[str],
    seeds: Sequence[int],
    settings: Mapping[str, Any],
    published_folder: str | Path,
    output: str | Path,
) -> None:
    """Compare all models of one data set and write ``comparison.json``.

    Its keys, with what is ``null`` where it cannot be known in brackets:

    ``test_images``, ``seeds``, ``confidence``, ``reference``
        What was compared and how.
    ``cross_validation``, only where a data set is cross-validated
        ``folds``; ``repetitions``, how many; ``training_images``, ``validation_images`` and
        ``test_images``, the least and the most of a run; ``overlap``, that of
        `inference.corrected_difference`. ``test_images`` above are then all images. Seeds are
        folds: intervals and p-values of the models and of their differences are the corrected
        ones. Metrics that are no mean over images are of all images together, with
        ``per_repetition`` and no ``interval``, and each model has ``classes``, its classification
        report likewise.
    ``design`` [seeds that are a list]
        That of a sequential comparison: ``looks``, the numbers of seeds planned; ``margin``, in
        points; ``comparisons``, how many of the report it allows for.
    ``models.<model>``
        ``metrics.<name>``: ``per_seed``, their ``mean`` and its ``interval`` over seeds [one
        seed], of each of `metrics.METRICS` on the test images (``accuracy``, ``macro_f1``,
        ``log_loss``, ``brier``, ``ece``), of ``train_accuracy`` and ``train_log_loss``, of
        ``accuracy_gap`` and ``log_loss_gap``.
        ``wilson``: for each seed the interval of its accuracy that comes from the number of test
        images.
        ``views`` [no test-time augmentation]: each of `metrics.METRICS` with it, as above.
        ``scaling`` [no validation set]: ``temperature`` of each seed, and ``metrics`` as above, of
        those that temperature scaling may change, on the test images after it.
        ``reliability``: ``before`` and ``after`` [no validation set] temperature scaling, a list of
        bins with ``from``, ``to``, ``count`` (images, summed over seeds), ``confidence`` and
        ``accuracy`` (means over these) [empty bin].
        ``best_epoch`` of each seed, that of the lowest validation loss [no validation set];
        ``kept_epoch`` of each seed, whose weights were kept; ``epochs_per_seed``, which were made,
        and ``epochs``, their mean; ``parameters``, ``seconds`` and ``images_per_second`` (means),
        ``devices``, ``precisions``, ``threads``.
    ``differences``, a list with an entry for each other model
        ``model``, ``reference``.
        ``accuracy``, ``log_loss``, ``accuracy_gap``, ``log_loss_gap``: ``difference`` of the means
        over seeds, model minus reference; ``standard_error``, ``degrees_of_freedom``, ``interval``,
        ``p_value`` and ``smallest_detectable`` [one seed]; ``verdict``, that of this comparison
        alone: the report's words on accuracy allow for all of its comparisons.
        ``accuracy.looks`` [seeds that are a list]: at each look ``seeds``, ``difference``,
        ``interval`` and ``verdict`` [going on, or decided before]. Then ``interval`` is that of the
        last look, which like all of them allows for the looks and for all comparisons, ``verdict``
        that of the look that decided, and there is neither ``p_value`` nor ``smallest_detectable``.
        ``mcnemar``: for each seed, ``seed``, ``only_model`` and ``only_reference`` (test images
        that only the one called right) and ``p_value``.
        ``shares``: of all pairs of test image and runs, who is right.
    ``tutorial`` [another data set, or test images that were not watched]
        ``edition``, ``epochs`` (that both have), ``models.<model>``: in how many of them what the
        tutorial printed lies within the range of the seeds: ``test_accuracy``,
        ``last_batch_loss``, ``last_batch_accuracy``.

    Parameters
    ----------
    results
        The data set's folder with ``arrays/`` and ``<model>/seed-<seed>/``.
    models, seeds
        Which cells there are.
    settings
        ``reference`` (a model's name), ``confidence`` and ``design`` (`looks.design`).
    published_folder
        Where the tutorial's printed figures are.
    output
        The file to write.
    """
    results = Path(results)
    labels, validation = (_labels(results, split) for split in ("test", "validation"))
    folds = folding.read(results / "arrays")
    of_models = {
        model: runs.read(results / model, seeds, labels, validation, folds) for model in models
    }
    confidence, reference = settings["confidence"], settings["reference"]
    planned = settings["design"]
    design = sequential.Design.of(planned, confidence) if planned else None
    write_json(
        output,
        {
            "test_images": len(labels),
            "seeds": list(seeds),
            "confidence": confidence,
            "reference": reference,
            "design": planned,
            **({"cross_validation": _cross_validation(folds, seeds)} if folds else {}),
            "models": {
                model: summaries.describe(of_model, confidence)
                for model, of_model in of_models.items()
            },
            "differences": [
                {"model": model, "reference": reference}
                | differences.between(of_models[model], of_models[reference], confidence, design)
                for model in models
                if model != reference
            ],
            "tutorial": published.beside_tutorial(
                {model: of_model.histories for model, of_model in of_models.items()},
                published_folder,
                results.name,
            ),
        },
    )


def _cross_validation(folds: Folds, seeds: Sequence[int]) -> dict[str, Any]:
    """Return what is said of the folds, as `compare` describes it."""
    sizes = {split: folds.sizes(split, seeds) for split in SPLITS}
    return {
        "folds": folds.count,
        "repetitions": len(folds.repetitions(seeds)),
        **{
            f"{name}_images": [min(sizes[split]), max(sizes[split])]
            for split, name in zip(SPLITS, ("training", "validation", "test"), strict=True)
        },
        "overlap": folds.overlap(seeds),
    }


def _labels(results: Path, split: str) -> np.ndarray:
    """Return the class indices of one split, shape (images,)."""
    return arrays.labels(results / "arrays", split)
