"""Units in which numbers are learned."""

from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from headstart.core import Head, Model, label_kind_of
from headstart.data.labels import Labels
from headstart.data.train_test_split import Rows


@dataclass(frozen=True)
class LabelUnits:
    """Units in which numbers are learned: mean 0 and deviation 1 on the rows of a fit."""

    mean: NDArray[np.float64]  # (columns,) float64
    deviation: NDArray[np.float64]  # (columns,) float64, division by n; 1 where all values are equal

    @classmethod
    def of(cls, labels: NDArray[Any]) -> "LabelUnits | None":
        """Of labels (n, ...); None for classes and tags, which have no units."""
        if label_kind_of(labels) != "numbers":
            return None
        deviation = labels.std(0)
        return cls(labels.mean(0), np.where(deviation > 0, deviation, 1.0))

    def standard(self, labels: NDArray[np.float64]) -> NDArray[np.float64]:
        """Labels (n, columns) in these units."""
        return (labels - self.mean) / self.deviation

    def entered(self, head: Head) -> Head:
        """A head of the user's units as one of these: the inverse of what `undone` does."""
        mean, deviation = torch.from_numpy(self.mean), torch.from_numpy(self.deviation)
        return head.rescaled(-mean / deviation, 1 / deviation)

    def undone(self, model: Model) -> Model:
        """The same backbone with a head that predicts in the user's units."""
        old = model.head
        head = old.rescaled(torch.from_numpy(self.mean), torch.from_numpy(self.deviation))
        device = next(chain(old.parameters(), old.buffers())).device
        return Model(model.backbone, head.to(device).train(old.training))


def standardise_labels(labels: Labels, rows: Rows, of: Labels | None = None) -> Labels:
    """Labels as methods learn them: numbers in units of their own, those of `rows` of `labels`."""
    units = LabelUnits.of(labels[rows])
    given = labels if of is None else of
    return units.standard(given) if units else given
