"""What is recorded of a training, epoch by epoch: the table and TensorBoard's events."""

import csv
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType

from swatchbook.files import replacing
from swatchbook.training import devices

# What images the figures of an epoch are of: the prefix of their names, and what a log calls them.
PARTS = {"": "", "val_": "validation ", "last_batch_": "last batch's ", "test_": "test "}


@dataclass(frozen=True)
class Epoch:
    """One row of ``history.csv``.

    The training figures are the means over the epoch's batches as they were trained on (before each
    update, with dropout on); the validation figures are taken after it (dropout off) and are
    ``None`` without a validation set. The figures of the last batch (after its own update) and of
    the test images are ``None`` unless ``watch_test`` is set. The learning rate is that of the last
    step. Losses are mean cross-entropies in
    nats; seconds are those of the training batches alone.
    """

    epoch: int
    loss: float
    accuracy: float
    val_loss: float | None
    val_accuracy: float | None
    last_batch_loss: float | None
    last_batch_accuracy: float | None
    test_loss: float | None
    test_accuracy: float | None
    learning_rate: float
    seconds: float
    images_per_second: float

    def told(self, epochs: int) -> str:
        """Return the row as a line of a log; `epochs` is of how many it is one.

        The display of a run on a terminal reads it (terminal/).
        """
        names = ("loss", "accuracy")
        measured = {
            f"{words}{name}": getattr(self, f"{prefix}{name}")
            for prefix, words in PARTS.items()
            for name in names
        }
        figures = [f"{name} {value:.4f}" for name, value in measured.items() if value is not None]
        figures += [f"learning rate {self.learning_rate:.3g}", f"{self.seconds:.1f} s"]
        figures += [f"{self.images_per_second:.0f} images/s"]
        return f"epoch {self.epoch} of {epochs}: {', '.join(figures)}"


def write_history(path: str | Path, history: Sequence[Epoch]) -> None:
    """Write ``history.csv``, one row an epoch; empty where there is no validation set."""
    with replacing(path) as temporary, temporary.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(Epoch.__dataclass_fields__), lineterminator="\n")
        writer.writeheader()
        for epoch in history:
            writer.writerow(asdict(epoch))


class Events:
    """TensorBoard's event file of one training; a context manager.

    Parameters
    ----------
    folder
        Where to write it. Event files of earlier attempts there are removed: TensorBoard would show
        their epochs a second time.
    """

    def __init__(self, folder: str | Path):
        for earlier in Path(folder).glob("events.out.tfevents.*"):
            earlier.unlink(missing_ok=True)
        self._tf = devices.import_tensorflow()
        self._writer = self._tf.summary.create_file_writer(str(folder))

    def __enter__(self) -> "Events":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._writer.close()

    def write(self, row: Epoch) -> None:
        """Write an epoch as scalars.

        ``tf.summary.scalar`` would do that, but since TensorFlow 2.21 it needs the whole of
        TensorBoard to be installed; what it adds is this metadata.
        """
        tf = self._tf
        scalars = tf.compat.v1.SummaryMetadata()
        scalars.plugin_data.plugin_name = "scalars"
        scalars.data_class = 1  # DATA_CLASS_SCALAR in summary.proto
        with self._writer.as_default():
            for name, value in asdict(row).items():
                if name != "epoch" and value is not None:
                    tf.summary.write(name, tf.constant(value, tf.float32), row.epoch, scalars)
        self._writer.flush()
