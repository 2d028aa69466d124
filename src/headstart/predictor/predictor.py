"""A saved model and its predictions for new items."""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from headstart.core import BadInput, LabelKind, Model, Preprocess, Reader, Schema, Tokens, kind_read
from headstart.data.dataset import Dataset
from headstart.data.modality import Modality, modalities
from headstart.data.unseen import refuse_unseen
from headstart.models.lengths import by_length
from headstart.predictor.save import load_model
from headstart.session.scoring import as_predictions

Items = Any  # a list, an array, a data frame, a file: what the model takes
MANY = 32  # batches of texts that are sorted by length together
BATCH_TOLERANCE = 1e-4  # of a probability, or of a number in the unit of the labels' standard deviation


class UnseenWarning(UserWarning):
    """Some rows of a table have a name that no training row had."""


UNSURE = "unsure"
TAG_THRESHOLD = 0.5  # a tag whose probability is at least this is given


@dataclass(frozen=True)
class PredictedClass:
    """The prediction for one item by a model of classes.

    Attributes:
        label: the most probable class, or "unsure" if its probability is below the threshold.
        probability: of the most probable class, in [0, 1].
        probabilities: of every class; they sum to 1.
    """

    label: str
    probability: float
    probabilities: dict[str, float]


@dataclass(frozen=True)
class PredictedTags:
    """The prediction for one item by a model of tags.

    Attributes:
        tags: those with a probability of 0.5 or more, in the order of the model's outputs.
        probabilities: of every tag, each in [0, 1] by itself.
    """

    tags: tuple[str, ...]
    probabilities: dict[str, float]


@dataclass(frozen=True)
class PredictedNumbers:
    """The prediction for one item by a model of numbers.

    Attributes:
        values: of every column, in the units of the labels.
    """

    values: dict[str, float]


Prediction = PredictedClass | PredictedTags | PredictedNumbers


def to_prediction(
    row: NDArray[np.float64], kind: LabelKind, names: tuple[str, ...], abstain: float
) -> Prediction:
    """A row (k,) of probabilities or numbers by name; a class below the probability `abstain` is "unsure"."""
    named = dict(zip(names, row.tolist(), strict=True))
    if kind == "numbers":
        return PredictedNumbers(named)
    if kind == "tags":
        return PredictedTags(tuple(name for name, share in named.items() if share >= TAG_THRESHOLD), named)
    best = int(row.argmax())
    return PredictedClass(names[best] if row[best] >= abstain else UNSURE, float(row[best]), named)


class Predictor:
    """Predicts new items with a model: a class, tags or numbers.

    Attributes:
        classes: names of the classes, tags or numbers, in the order of the model's outputs.
        label_kind: "classes", "tags" or "numbers".
        abstain: a model of classes predicts "unsure" below this probability, in [0, 1).
        preprocess: of pictures; None if the model takes none.
        tokens: of texts; None if the model takes none.
        schema: of tables; None if the model takes none.
        unseen: how many of the rows that were predicted last have a name that no training row had, by
            column; all such names count as one.
    """

    def __init__(
        self,
        model: Model,
        classes: Sequence[str],
        preprocess: Preprocess | None,
        abstain: float = 0.0,
        label_kind: LabelKind = "classes",
    ) -> None:
        self.model, self.classes = model.eval(), tuple(classes)
        self.preprocess, self.abstain, self.label_kind = preprocess, abstain, label_kind
        self.tokens: Tokens | None = getattr(model.backbone, "tokens", None)
        self.schema: Schema | None = getattr(model.backbone, "schema", None)
        self.unseen: dict[str, int] = {}

    @property
    def reader(self) -> Reader | None:
        """How items become the inputs of the model; None: arrays, as they are."""
        return self.schema or self.tokens or self.preprocess

    @property
    def modality(self) -> Modality[Dataset]:
        """The kind of items that the model takes."""
        reader = self.reader
        own = getattr(self.model.backbone, "kind", None) if isinstance(reader, Preprocess) else None
        return modalities()[own or kind_read(reader)]

    def predict(self, items: Items, batch: int = 32, *, allow_unseen: bool = False) -> list[Prediction]:
        """A prediction for each item: a `PredictedClass`, `PredictedTags` or `PredictedNumbers`.

        An item alone and in a batch of any size gets the same prediction but for rounding: probabilities
        agree to `BATCH_TOLERANCE`, so that a label can differ only between two classes that close, and
        numbers to that share of the standard deviation of the training labels. The one exception is a model
        whose normalisation reads the batch, as of the methods `norm` and `tent`.

        Args:
            items: paths of pictures or sounds, PIL images or arrays (h, w, 3); texts; for a model of arrays
                (n, ...); for a model of tables a CSV, Parquet or .h5ad file, a data frame, rows as
                mappings, or plain rows in the order of the columns.
            batch: items that are computed together, >= 1.
            allow_unseen: whether all rows of a table may have a name in some column that no training row had.
                Where only some have one, or there is one row, a warning says so; see `unseen`.

        Raises:
            BadData: a picture can't be read, a text is empty, or a table has other columns or names than the
                training rows had; it is named.
        """
        return [row for rows in self._outputs(items, batch, allow_unseen) for row in self.predictions(rows)]

    def predictions(self, outputs: NDArray[np.float64]) -> list[Prediction]:
        """Rows (n, k) of probabilities or numbers as predictions."""
        return [to_prediction(row, self.label_kind, self.classes, self.abstain) for row in outputs]

    def probabilities(
        self, items: Items, batch: int = 32, *, allow_unseen: bool = False
    ) -> NDArray[np.float64]:
        """Probabilities (n, classes) or (n, tags) of n items; see `predict`.

        Raises:
            BadInput: the model predicts numbers.
        """
        if self.label_kind == "numbers":
            raise BadInput("This model predicts numbers, not probabilities. Take predictor.values(...).")
        return self._all(items, batch, allow_unseen)

    def values(self, items: Items, batch: int = 32, *, allow_unseen: bool = False) -> NDArray[np.float64]:
        """Numbers (n, columns) for n items, in the units of the labels; see `predict`.

        Raises:
            BadInput: the model predicts classes or tags.
        """
        if self.label_kind != "numbers":
            raise BadInput(
                f"This model predicts {self.label_kind}, not numbers. Take predictor.probabilities(...)."
            )
        return self._all(items, batch, allow_unseen)

    def _all(self, items: Items, batch: int, allow_unseen: bool) -> NDArray[np.float64]:
        return np.concatenate([np.zeros((0, len(self.classes))), *self._outputs(items, batch, allow_unseen)])

    def samples(self, items: Items, *, allow_unseen: bool = False) -> Tensor:
        """Items as the model takes them: (n, 3, h, w) uint8 pictures, ids of tokens, or float32 arrays.

        Raises:
            BadData: see `predict`.
        """
        inputs = self.modality.inputs(items, self.reader)
        self.unseen = {column: new.count for column, new in inputs.unseen.items()}
        if not allow_unseen:
            refuse_unseen(inputs.unseen)
            for new in inputs.unseen.values():
                warnings.warn(f"{new.text()}. It counts as any other name.", UnseenWarning, stacklevel=2)
        return inputs.x

    def _outputs(self, items: Items, batch: int, allow_unseen: bool) -> Iterator[NDArray[np.float64]]:
        for some in self._shares(items, batch if self.tokens is None else batch * MANY, allow_unseen):
            with torch.inference_mode():
                outputs = self.model(some) if self.tokens is None else by_length(self.model, some)
            yield as_predictions(outputs, self.label_kind)

    def _shares(self, items: Items, batch: int, allow_unseen: bool) -> Iterator[Tensor]:
        """Samples of one batch after the other; a table is read whole."""
        if self.modality.whole:
            yield from torch.split(self.samples(items, allow_unseen=allow_unseen), batch)
            return
        if isinstance(items, str | Path):
            raise BadInput(f"predict takes a list of items; write [{str(items)!r}].")
        for start in range(0, len(items), batch):
            yield self.samples(items[start : start + batch])


def open_model(folder: str | Path, *, backbone: nn.Module | None = None) -> Predictor:
    """The predictor in a run folder or its `model` folder.

    Args:
        folder: that `adapt` wrote.
        backbone: an instance of your own module, if the model was made from one.

    Raises:
        BadInput: there is no model in the folder.
        Mismatch: its weights don't fit its architecture.
    """
    folder = Path(folder)
    if not (folder / "config.json").exists() and (folder / "model" / "config.json").exists():
        folder = folder / "model"
    model, config = load_model(folder, backbone)
    mapping: Any = model.backbone
    label_kind = config["label_kind"]
    return Predictor(model, config["classes"], mapping.preprocess, config["abstain_below"], label_kind)
