"""What every predictor does with the outputs of its model, whichever engine computes them."""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from headstart.core import BadInput, LabelKind, Preprocess, Reader, Schema, Tokens
from headstart.data.new_items import several
from headstart.data.unseen import Unseen, refuse_unseen

from .prediction_files import PredictedRows, names_of, require_writable, write_rows
from .predictions import Decision, Prediction, to_prediction

Items = Any  # a list, an array, a data frame, a file: what the model takes
MANY = 32  # batches of texts that are sorted by length together


class UnseenWarning(UserWarning):
    """Some rows of a table have a name that no training row had."""


class TakenItems(Protocol):
    """The kind of items that a model takes; see `Modality`."""

    @property
    def kind(self) -> str:
        """Its name."""
        ...

    @property
    def rows(self) -> str:
        """Plural noun for its items."""
        ...

    @property
    def description(self) -> str:
        """Of several, in a sentence."""
        ...

    @property
    def suffixes(self) -> frozenset[str]:
        """Of files that hold one item each."""
        ...

    @property
    def whole(self) -> bool:
        """Whether items are given as one object, such as a table."""
        ...


class Predicts(ABC):
    """Predicts new items: a class, tags or numbers.

    Attributes:
        classes: names of the classes, tags or numbers, in the order of the model's outputs.
        label_kind: "classes", "tags" or "numbers".
        abstain: a model of classes predicts "unsure" below this probability, in [0, 1).
        positive, threshold: of two classes, the one that is predicted from a probability on: `Decision`.
        preprocess, tokens, schema: of pictures, texts, tables; None if the model takes none.
        unseen: rows of those predicted last with a name that no training row had, by column.
    """

    classes: tuple[str, ...]
    label_kind: LabelKind
    abstain: float
    positive: str | None
    threshold: float
    preprocess: Preprocess | None
    tokens: Tokens | None
    schema: Schema | None
    unseen: dict[str, int]

    @property
    @abstractmethod
    def modality(self) -> TakenItems:
        """The kind of items that the model takes."""

    @abstractmethod
    def _outputs(self, items: Items, batch: int, allow_unseen: bool) -> Iterator[NDArray[np.float64]]:
        """Probabilities or numbers (m, k), for one batch after the other."""

    @property
    def reader(self) -> Reader | None:
        """How items become the inputs of the model; None: arrays, as they are."""
        return self.schema or self.tokens or self.preprocess

    @property
    def decision(self) -> Decision:
        """How probabilities become labels: `abstain`, `positive` and `threshold`, checked."""
        return Decision(self.abstain, self.positive, self.threshold).checked(self.classes)

    def decide(self, decision: Decision) -> None:
        """Take another decision."""
        self.abstain, self.positive, self.threshold = decision.abstain, decision.positive, decision.threshold

    def predict(self, items: Items, batch: int = 32, *, allow_unseen: bool = False) -> list[Prediction]:
        """A prediction for each item: a `PredictedClass`, `PredictedTags` or `PredictedNumbers`.

        An item alone and in a batch of any size gets the same prediction but for rounding: probabilities
        agree to `BATCH_TOLERANCE`, so that a label can differ only between two classes that close, and
        numbers to that share of the standard deviation of the training labels. The one exception is a model
        whose normalisation reads the batch, as of the methods `norm` and `tent`.

        Args:
            items: paths of pictures or sounds, folders of them, PIL images or arrays (h, w, 3); texts; or one
                of these, for a list of one prediction, or of all in a folder. For a model of arrays (n, ...).
                For a model of tables a CSV, Parquet or .h5ad file, a data frame, rows as mappings, or plain
                rows in the order of the columns.
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
        self.require_classes()
        decision = self.decision
        return [to_prediction(row, self.label_kind, self.classes, decision) for row in outputs]

    def require_classes(self) -> None:
        """Refuse what takes answers of an encoder alone.

        Raises:
            BadInput: no labels were learned from.
        """
        if not self.classes:
            raise BadInput(
                "This is an encoder that was pre-trained without labels: it has no classes to predict. Fit a "
                "method on it first: hs.fit('logistic-probe', predictor.encoder, data)."
            )

    def predict_table(self, items: Items, batch: int = 32, *, allow_unseen: bool = False) -> dict[str, Any]:
        """The predictions as columns by name, for `pandas.DataFrame(...)`; see `predict`.

        Returns:
            "file", the name of each item; of classes "label" and "probability", of tags "tags" with ";"
            between them; then the probability of every class or tag, or the value of every number.
        """
        return self._rows(items, batch, allow_unseen).columns()

    def write_predictions(
        self,
        items: Items,
        file: str | Path,
        batch: int = 32,
        *,
        replace: bool = False,
        allow_unseen: bool = False,
    ) -> None:
        """Write the predictions to a file in the format of its ending, whole or not at all; see `predict`.

        Args:
            items: see `predict`.
            file: .csv, .tsv, .json, .jsonl or .parquet.
            batch: items that are computed together, >= 1.
            replace: whether a file that is there is replaced.
            allow_unseen: see `predict`.

        Raises:
            BadInput: another ending.
            CannotWrite: the file is there and not to be replaced, or there is no space or no right.
        """
        require_writable(Path(file), replace=replace)
        write_rows(self._rows(items, batch, allow_unseen), Path(file), replace=replace)

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
            raise BadInput(f"This model predicts {self.label_kind}: take predictor.probabilities(...).")
        return self._all(items, batch, allow_unseen)

    def _rows(self, items: Items, batch: int, allow_unseen: bool) -> PredictedRows:
        items = items if self.modality.whole else self._several(items)
        predictions = self.predict(items, batch, allow_unseen=allow_unseen)
        names = names_of(items, len(predictions))
        return PredictedRows(names, predictions, self.label_kind, self.classes)

    def _several(self, items: Items) -> Any:
        suffixes = self.modality.suffixes if self.tokens is None else frozenset[str]()
        return several(items, self.preprocess is not None, suffixes, self.modality.rows)

    def _all(self, items: Items, batch: int, allow_unseen: bool) -> NDArray[np.float64]:
        return np.concatenate([np.zeros((0, len(self.classes))), *self._outputs(items, batch, allow_unseen)])

    def _note_unseen(self, unseen: Mapping[str, Unseen], allow_unseen: bool) -> None:
        """Keep how many rows have names that no training row had, and warn of them or refuse them."""
        self.unseen = {column: new.count for column, new in unseen.items()}
        if not allow_unseen:
            refuse_unseen(unseen)
            for new in unseen.values():
                warnings.warn(f"{new.text()}. It counts as any other name.", UnseenWarning, stacklevel=2)


def whole_batch(batch: int) -> int:
    """The number of items in a batch.

    Raises:
        BadInput: it is none.
    """
    if not (batch >= 1 and batch == int(batch)):
        raise BadInput(f"batch is {batch!r}; it is a whole number >= 1.")
    return int(batch)
