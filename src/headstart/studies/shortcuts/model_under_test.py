"""A classifier whose predictions for changed copies of the same rows are compared."""

import copy
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from headstart.core import BadInput, Model
from headstart.data.dataset import Dataset
from headstart.metrics.groups import share
from headstart.metrics.intervals import bootstrap
from headstart.predictor.predictor import Predictor
from headstart.records.record import Interval
from headstart.session.inputs import loader_of
from headstart.session.scoring import outputs_of
from headstart.studies.shortcuts import Change

Rows = NDArray[np.int64]
BATCH = 64


@dataclass(frozen=True)
class ClassifierUnderTest:
    """A model, and how its classes are numbered in the data."""

    model: Model
    places: Rows  # (classes of the model,) the number in the data; -1: the data have no such class

    @classmethod
    def of(
        cls, predictor: Predictor, data: Dataset, device: torch.device | None = None
    ) -> "ClassifierUnderTest":
        """The model of a predictor for data of classes that it knows; a copy of it on another device.

        Raises:
            BadInput: the model or the data have no classes, or the data some that the model does not know.
        """
        if predictor.label_kind != "classes" or data.label_kind != "classes":
            kind = predictor.label_kind if predictor.label_kind != "classes" else data.label_kind
            raise BadInput(f"Shortcuts are those of a classifier, and these are {kind}.")
        if unknown := [name for name in data.classes if name not in predictor.classes]:
            raise BadInput(
                f"The model does not know {', '.join(map(repr, unknown[:5]))} of {data.name}; it predicts "
                f"{', '.join(map(repr, predictor.classes[:10]))}. Give data with its classes."
            )
        place = {name: number for number, name in enumerate(data.classes)}
        model = predictor.model
        if device is not None and device.type != "cpu":
            model = copy.deepcopy(model).to(device)
        return cls(model, np.array([place.get(name, -1) for name in predictor.classes], dtype=np.int64))

    @property
    def name(self) -> str:
        """Of its backbone."""
        return str(getattr(self.model.backbone, "name", type(self.model.backbone).__name__))

    def predict(self, data: Dataset) -> Rows:
        """Predicted class of each row, (n,), as an index into the data's classes; -1 if the data lack it."""
        source = loader_of(data, self.model.backbone, None)  # type: ignore[arg-type]
        rows = np.arange(len(data), dtype=np.int64)
        device = next(iter(self.model.parameters()), torch.zeros(0)).device
        outputs = outputs_of(self.model.eval(), source, rows, device, BATCH)
        predicted: Rows = self.places[outputs.argmax(1).numpy()]
        return predicted


@dataclass(frozen=True)
class Baseline:
    """A model and its predictions for rows as they are, with which those for changed copies are compared."""

    model: ClassifierUnderTest
    data: Dataset
    predicted: Rows
    seed: int

    @classmethod
    def of(cls, model: ClassifierUnderTest, data: Dataset, seed: int) -> "Baseline":
        """Predict the rows."""
        return cls(model, data, model.predict(data), seed)

    def subset(self, rows: Rows) -> "Baseline":
        """The same of some of the rows."""
        return replace(self, data=self.data.subset(rows), predicted=self.predicted[rows])

    @property
    def correct(self) -> NDArray[np.bool_]:
        """(n,) whether each row is classified correctly."""
        return np.asarray(self.predicted == self.data.labels)

    def change(self, predicted: Rows, about: tuple[str, str, str, str], rows: Rows | None = None) -> Change:
        """The effect of a change: `predicted` (rounds * n,), `about` is its name, kind, keeps and loses."""
        before = self if rows is None else self.subset(rows)
        plain, n = before.correct, len(before.data)
        rounds = predicted.reshape(-1, n)
        correct = rounds == before.data.labels
        lost = plain.astype(np.float64) - correct.mean(0)
        drop = bootstrap(lambda w: w @ lost / w.sum(1), n, self.seed, before.data.groups)
        accuracy = float(correct.mean())
        wilson = share(round(accuracy * n), n)
        return Change(
            *about,
            rows=n,
            plain=float(plain.mean()),
            accuracy=Interval(accuracy, min(accuracy, wilson.low), max(accuracy, wilson.high)),
            drop=Interval(*drop),
            changed=float((rounds != before.predicted).mean()),
        )
