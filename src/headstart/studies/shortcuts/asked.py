"""A model that is asked again and again about changed copies of the same rows."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from headstart.core import BadInput
from headstart.data.dataset import Dataset
from headstart.metrics.groups import share
from headstart.metrics.intervals import bootstrap
from headstart.predictor.predictor import Predictor
from headstart.records.record import Interval
from headstart.session.inputs import loader_of
from headstart.session.outputs import outputs_of
from headstart.studies.shortcuts.record import Change

Rows = NDArray[np.int64]
BATCH = 64


@dataclass(frozen=True)
class Asked:
    """A predictor, and how its classes are numbered in the data."""

    predictor: Predictor
    places: Rows  # (classes of the model,) the number in the data; -1: the data have no such class

    @classmethod
    def about(cls, predictor: Predictor, data: Dataset) -> "Asked":
        """The predictor for data of classes that it knows.

        Raises:
            BadInput: the model or the data have no classes, or the data some that the model does not know.
        """
        if predictor.label_kind != "classes" or data.label_kind != "classes":
            kind = predictor.label_kind if predictor.label_kind != "classes" else data.label_kind
            raise BadInput(f"Shortcuts are looked for in classes, and these are {kind}.")
        if unknown := [name for name in data.classes if name not in predictor.classes]:
            raise BadInput(
                f"The model does not know {', '.join(map(repr, unknown[:5]))} of {data.name}; it tells "
                f"{', '.join(map(repr, predictor.classes[:10]))}. Give data with its classes."
            )
        number = {name: place for place, name in enumerate(data.classes)}
        return cls(predictor, np.array([number.get(name, -1) for name in predictor.classes], dtype=np.int64))

    def tell(self, data: Dataset) -> Rows:
        """(n,) the class that each row is told, as the data number them; -1: one that they do not have."""
        mapping = self.predictor.model.backbone
        source = loader_of(data, mapping, None)  # type: ignore[arg-type]
        rows = np.arange(len(data), dtype=np.int64)
        device = next(iter(self.predictor.model.parameters()), torch.zeros(0)).device
        outputs = outputs_of(self.predictor.model.eval(), source, rows, device, BATCH)
        found: Rows = self.places[outputs.argmax(1).numpy()]
        return found


@dataclass(frozen=True)
class Before:
    """Rows as they are, and what the model says of them."""

    data: Dataset
    told: Rows
    seed: int

    @property
    def right(self) -> NDArray[np.bool_]:
        """(n,) whether each row is told right."""
        return np.asarray(self.told == self.data.labels)

    def change(self, told: Rows, *said: str, rows: Rows | None = None) -> Change:
        """What a change did: `told` (rounds * n,) of the rows, `said` is name, kind, keeps and loses."""
        here = np.arange(len(self.data)) if rows is None else rows
        plain, labels = self.right[here], self.data.labels[here]
        after = told.reshape(-1, len(here)) == labels
        lost = plain.astype(np.float64) - after.mean(0)
        groups = None if self.data.groups is None else self.data.groups[here]
        drop = bootstrap(lambda w: w @ lost / w.sum(1), len(here), self.seed, groups)
        value = float(after.mean())
        about = share(round(value * len(here)), len(here))
        name, kind, keeps, loses = said
        return Change(
            name=name,
            kind=kind,
            keeps=keeps,
            loses=loses,
            rows=len(here),
            plain=float(plain.mean()),
            accuracy=Interval(value, min(value, about.low), max(value, about.high)),
            drop=Interval(*drop),
            changed=float((told.reshape(-1, len(here)) != self.told[here]).mean()),
        )
