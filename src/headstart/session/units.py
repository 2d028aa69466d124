"""Numbers that are learned in units of their own: mean 0 and deviation 1 on the rows of a fit."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from headstart.core import Head, Model, label_kind_of


@dataclass(frozen=True)
class Units:
    """How the labels of rows that are fitted lie, column by column.

    Attributes:
        mean: (columns,) float64.
        deviation: (columns,) float64, division by n; 1 where all values are equal.
    """

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]

    @classmethod
    def of(cls, labels: NDArray[Any]) -> "Units | None":
        """Of labels (n, ...); None for classes and tags, which have no units."""
        if label_kind_of(labels) != "numbers":
            return None
        deviation = labels.std(0)
        return cls(labels.mean(0), np.where(deviation > 0, deviation, 1.0))

    def standard(self, labels: NDArray[np.float64]) -> NDArray[np.float64]:
        """Labels (n, columns) in these units."""
        return (labels - self.mean) / self.deviation

    def undone(self, model: Model) -> Model:
        """The same backbone with a head that answers in the user's units."""
        head: Head = model.head.rescaled(torch.from_numpy(self.mean), torch.from_numpy(self.deviation))
        return Model(model.backbone, head.to(_device(model.head)).train(model.head.training))


def _device(head: Head) -> torch.device:
    tensors: list[Tensor] = [*head.parameters(), *head.buffers()]
    return tensors[0].device
