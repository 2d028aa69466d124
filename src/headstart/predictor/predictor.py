"""A saved model and its predictions for new items."""

import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from headstart.core import BadInput, LabelKind, Model, Preprocess, Reader, Schema, Tokens, kind_read
from headstart.data.dataset import Dataset
from headstart.data.modality import Modality, modalities
from headstart.data.new_items import sequence_of, several
from headstart.data.unseen import refuse_unseen
from headstart.models.backbone import AnyBackbone
from headstart.models.lengths import by_length
from headstart.models.saved import model_folder
from headstart.models.shapes import shapes_named
from headstart.predictor.adapter_files import read_model
from headstart.predictor.explaining import Explains
from headstart.predictor.model_card import fitted_card
from headstart.predictor.prediction_files import PredictedRows, names_of, require_writable, write_rows
from headstart.predictor.predictions import Decision, Prediction, to_prediction
from headstart.predictor.save import load_training, require_replaceable, save_model
from headstart.predictor.training import FIRST, Training, about_model, about_model_html
from headstart.run.engine import One
from headstart.session.scoring import as_predictions

Items = Any  # a list, an array, a data frame, a file: what the model takes
MANY = 32  # batches of texts that are sorted by length together
BATCH_TOLERANCE = 1e-4  # of a probability, or of a number in the unit of the labels' standard deviation


class UnseenWarning(UserWarning):
    """Some rows of a table have a name that no training row had."""


class UnfinishedWarning(UserWarning):
    """A model is the first one of a run that was not finished."""


class Predictor(Explains):
    """Predicts new items with a model: a class, tags or numbers.

    Attributes:
        classes: names of the classes, tags or numbers, in the order of the model's outputs.
        label_kind: "classes", "tags" or "numbers".
        abstain: a model of classes predicts "unsure" below this probability, in [0, 1).
        positive, threshold: of two classes, the one that is predicted from a probability on: `Decision`.
        preprocess, tokens, schema: of pictures, texts, tables; None if the model takes none.
        unseen: rows of those predicted last with a name that no training row had, by column.
        training: how the model was fitted, if that is known: method, rows, losses, notes.
        folder: that it was opened from, if it was.
    """

    def __init__(
        self,
        model: Model,
        classes: Sequence[str],
        preprocess: Preprocess | None,
        abstain: float = 0.0,
        label_kind: LabelKind = "classes",
        training: Training | None = None,
    ) -> None:
        self.model, self.classes, self.label_kind = model.eval(), tuple(classes), label_kind
        self.preprocess, self.abstain, self.training = preprocess, abstain, training
        self.positive, self.threshold = Decision().positive, Decision().threshold
        model.classes, model.label_kind = self.classes, label_kind
        self.tokens: Tokens | None = getattr(model.backbone, "tokens", None)
        self.schema: Schema | None = getattr(model.backbone, "schema", None)
        self.unseen: dict[str, int] = {}
        self.folder: Path | None = None

    def __repr__(self) -> str:
        """What it predicts, how it was fitted, and the notes on that."""
        return about_model(self.training, *self._about)

    def _repr_html_(self) -> str:
        """The same for notebooks, with the curve of the losses."""
        return about_model_html(self.training, *self._about)

    @property
    def _about(self) -> tuple[str, LabelKind, tuple[str, ...], str, str]:
        return type(self).__name__, self.label_kind, self.classes, self.modality.rows, self.model.name

    def to(self, device: str | torch.device) -> Self:
        """Move the model to a device; "auto" is a GPU if torch sees one.

        Raises:
            BadInput: torch knows no such device, or it is not available.
        """
        self.model.to(One(device).device)
        return self

    @property
    def decision(self) -> Decision:
        """How probabilities become labels: `abstain`, `positive` and `threshold`, checked."""
        return Decision(self.abstain, self.positive, self.threshold).checked(self.classes)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was chosen or left out when the model was fitted, and what to beware of, as sentences."""
        return () if self.training is None else tuple(self.training.notes)

    @property
    def curve(self) -> tuple[float, ...]:
        """The loss of each step of the training; () where there was none, as of a solved head."""
        return () if self.training is None else tuple(self.training.curve)

    def save(self, folder: str | Path) -> None:
        """Write a folder that `hs.open` opens and `headstart predict` takes.

        A model in the folder is replaced; nothing else is.

        Args:
            folder: new or empty, or one that holds a model.

        Raises:
            BadInput: the model was not made by headstart.
            CannotWrite: something else is in the folder, or there is no space or no right.
        """
        folder = Path(folder)
        if not isinstance(self.model.backbone, AnyBackbone):
            kind = type(self.model.backbone).__name__
            raise BadInput(f"A model on {kind} can't be saved. Fit it by hs.fit, hs.adapt or hs.align.")
        require_replaceable(folder)
        kind, classes, training = self.label_kind, self.classes, self.training
        text = fitted_card(training, kind, classes, self.modality.kind, self.model.name)
        save_model(self.model, folder, classes, self.decision, text, kind, training)

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
        decision = self.decision
        return [to_prediction(row, self.label_kind, self.classes, decision) for row in outputs]

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

    def _rows(self, items: Items, batch: int, allow_unseen: bool) -> PredictedRows:
        items = items if self.modality.whole else self._several(items)
        predictions = self.predict(items, batch, allow_unseen=allow_unseen)
        names = names_of(items, len(predictions))
        return PredictedRows(names, predictions, self.label_kind, self.classes)

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

    def _several(self, items: Items) -> Any:
        suffixes = self.modality.suffixes if self.tokens is None else frozenset()
        return several(items, self.preprocess is not None, suffixes, self.modality.rows)

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
        if not (batch >= 1 and batch == int(batch)):
            raise BadInput(f"batch is {batch!r}; it is a whole number >= 1.")
        for some in self._shares(items, batch if self.tokens is None else batch * MANY, allow_unseen):
            x = some.to(self.model.device)
            with torch.inference_mode(), shapes_named(self.model.backbone, x):
                outputs = self.model(x) if self.tokens is None else by_length(self.model, x)
            yield as_predictions(outputs.cpu(), self.label_kind)

    def _shares(self, items: Items, batch: int, allow_unseen: bool) -> Iterator[Tensor]:
        """Samples of one batch after the other; a table is read whole."""
        if self.modality.whole:
            yield from torch.split(self.samples(items, allow_unseen=allow_unseen), batch)
            return
        items = self.modality.listed(sequence_of(self._several(items)))
        for start in range(0, len(items), batch):
            yield self.samples(items[start : start + batch])


def open_model(folder: str | Path, *, backbone: str | nn.Module | None = None) -> Predictor:
    """The predictor in a run folder or its `model` folder, or of a file with adapters.

    Args:
        folder: that `adapt` wrote, or the file of `export_adapters`.
        backbone: an instance of your own module, if the model was made from one; of a file with adapters the
            backbone, if not the one by its name. Predictors on one given backbone share its tensors.

    Raises:
        BadInput: there is no model.
        Mismatch: its weights don't fit its architecture, or are for another backbone.

    Warns:
        UnfinishedWarning: it is the first model of a run that was not finished.
    """
    given, folder = Path(folder), model_folder(folder)
    model, config = read_model(given, backbone)
    mapping: Any = model.backbone
    saved, training, label_kind = Decision.of(config), load_training(folder), config["label_kind"]
    predictor = Predictor(model, config["classes"], mapping.preprocess, saved.abstain, label_kind, training)
    predictor.positive, predictor.threshold, predictor.folder = saved.positive, saved.threshold, given
    if training is not None and training.unfinished:
        warnings.warn(FIRST, UnfinishedWarning, stacklevel=2)
    return predictor
