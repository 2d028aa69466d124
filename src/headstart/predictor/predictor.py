"""A saved model and its predictions for new items."""

import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from headstart.core import Backbone, BadInput, LabelKind, Model, Preprocess, Schema, Tokens, kind_read
from headstart.core.model_folder import model_folder
from headstart.data.dataset import Dataset
from headstart.data.modality import Modality, modalities
from headstart.data.new_items import sequence_of
from headstart.models.backbone import AnyBackbone
from headstart.models.lengths import by_length
from headstart.models.shapes import shapes_named
from headstart.predictor.adapter_files import read_model
from headstart.predictor.explaining import Explains
from headstart.predictor.model_card import fitted_card
from headstart.predictor.onnx_beside import write_beside
from headstart.predictor.save import load_training, require_replaceable, save_alone, save_model
from headstart.predictor.training import FIRST, Training, about_model, about_model_html
from headstart.run.engine import One
from headstart.runtime.predictions import Decision
from headstart.runtime.predicts import MANY, Items, Predicts, whole_batch
from headstart.session.scoring import as_predictions

BATCH_TOLERANCE = 1e-4  # of a probability, or of a number in the unit of the labels' standard deviation


class UnfinishedWarning(UserWarning):
    """A model is the first one of a run that was not finished."""


class Predictor(Explains, Predicts):
    """Predicts new items with a model: a class, tags or numbers; see `Predicts`.

    Attributes:
        model: a backbone and a head, in eval mode.
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
        self.preprocess, self.training = preprocess, training
        self.decide(Decision(abstain))
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
    def encoder(self) -> Backbone:
        """The backbone, such as for another fit: `hs.fit(method, predictor.encoder, data)`."""
        return self.model.backbone

    @property
    def notes(self) -> tuple[str, ...]:
        """What was chosen or left out when the model was fitted, and what to beware of, as sentences."""
        return () if self.training is None else tuple(self.training.notes)

    @property
    def curve(self) -> tuple[float, ...]:
        """The loss of each step of the training; () where there was none, as of a solved head."""
        return () if self.training is None else tuple(self.training.curve)

    def save(self, folder: str | Path, *, onnx: bool = False) -> None:
        """Write a folder that `hs.open` opens and `headstart predict` takes.

        A model in the folder is replaced; nothing else is. Of an encoder alone, its file is written, and the
        folder is a backbone.

        Args:
            folder: new or empty, or one that holds a model.
            onnx: also write `model.onnx`, by which `hs.open_onnx` and `headstart predict` answer without
                torch. What `export_model` raises leaves the folder without it.

        Raises:
            BadInput: the model was not made by headstart.
            CannotWrite: something else is in the folder, or there is no space or no right.
        """
        folder = Path(folder)
        if not isinstance(self.model.backbone, AnyBackbone):
            kind = type(self.model.backbone).__name__
            raise BadInput(f"A model on {kind} can't be saved. Fit it by hs.fit, hs.adapt or hs.align.")
        if not self.classes:
            save_alone(self.model.backbone, folder)
            return
        require_replaceable(folder)
        kind, classes, training = self.label_kind, self.classes, self.training
        text = fitted_card(training, kind, classes, self.modality.kind, self.model.name)
        save_model(self.model, folder, classes, self.decision, text, kind, training)
        if onnx:
            write_beside(self, folder)

    @property
    def modality(self) -> Modality[Dataset]:
        """The kind of items that the model takes."""
        reader = self.reader
        own = getattr(self.model.backbone, "kind", None) if isinstance(reader, Preprocess) else None
        return modalities()[own or kind_read(reader)]

    def samples(self, items: Items, *, allow_unseen: bool = False) -> Tensor:
        """Items as the model takes them: (n, 3, h, w) uint8 pictures, ids of tokens, or float32 arrays.

        Raises:
            BadData: see `predict`.
        """
        inputs = self.modality.inputs(items, self.reader)
        self._note_unseen(inputs.unseen, allow_unseen)
        return inputs.x

    def _outputs(self, items: Items, batch: int, allow_unseen: bool) -> Iterator[NDArray[np.float64]]:
        self.require_classes()
        batch = whole_batch(batch)
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
    predictor.decide(saved)
    predictor.folder = given
    if training is not None and training.unfinished:
        warnings.warn(FIRST, UnfinishedWarning, stacklevel=2)
    return predictor
