"""Trees on the columns of a table: what the methods have in common."""

from abc import abstractmethod
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from headstart.core import Head, MissingPackage, derive_seed, label_kind_of
from headstart.methods.outputs.probing.probe import Probe
from headstart.nn.tree_head import TreeHead
from headstart.solvers.temperature import best_scale

SEED = derive_seed(0, "trees") % 2**32  # of what scikit-learn draws
FEW = 100  # rows up to which each third is left out once for the temperature; of more the first is enough
THIRDS = 3


class TreeMethod(Probe):
    """Grows trees on the columns; a subclass says how, in `grow`. Weights of the backbone have no part."""

    def solve(self, features: Tensor, labels: Tensor, outputs: int, weights: Tensor | None = None) -> Head:
        """All trees; the temperature of classes is that of rows that the trees have not seen."""
        x, y, w = as_arrays(features, labels, weights)
        head = self.grow(x, y, outputs, w)
        if label_kind_of(labels) == "classes" and len(np.unique(y)) > 1:
            set_temperature(head, self._temperature(x, y, outputs, w))
        return head

    def _temperature(self, x: NDArray[Any], y: NDArray[Any], outputs: int, w: NDArray[Any] | None) -> float:
        """The inverse temperature by rows that are left out, a third of each class at a time."""
        third = thirds(y)
        found, rows = [], []
        for number in range(THIRDS if len(y) <= FEW else 1):
            held, rest = np.flatnonzero(third == number), np.flatnonzero(third != number)
            if len(held) and len(rest):
                head = self.grow(x[rest], y[rest], outputs, None if w is None else w[rest])
                found.append(head(torch.from_numpy(x[held])))
                rows.append(held)
        if not rows:
            return 1.0
        left_out = np.concatenate(rows)
        weights = None if w is None else torch.from_numpy(w[left_out])
        return best_scale(torch.cat(found), torch.from_numpy(y[left_out]), weights=weights)

    @abstractmethod
    def grow(self, x: NDArray[Any], y: NDArray[Any], outputs: int, weights: NDArray[Any] | None) -> TreeHead:
        """The head for columns x (n, width) float32 and labels y (n, ...), without a temperature.

        Weights (n,) > 0 are what each row counts; None: all the same.
        """


def as_arrays(
    features: Tensor, labels: Tensor, weights: Tensor | None
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any] | None]:
    """Columns, labels and weights for `grow`."""
    equal = weights is None or bool((weights == weights[0]).all())  # forests draw other rows with weights
    w = None if equal or weights is None else weights.double().numpy(force=True)
    return features.numpy(force=True), labels.numpy(force=True), w


def set_temperature(head: TreeHead, scale: float) -> None:
    """Multiply the logits of a head by an inverse temperature."""
    head.scale.mul_(scale)
    head.bias.mul_(scale)


def thirds(y: NDArray[Any]) -> NDArray[np.int64]:
    """A third (n,) in 0, 1, 2 for each row of classes y (n,), even in each class up to one row."""
    order = np.random.default_rng(SEED).permutation(len(y))
    order = order[np.argsort(y[order], kind="stable")]
    third = np.empty(len(y), np.int64)
    third[order] = np.arange(len(y)) % THIRDS
    return third


def ensembles() -> Any:
    """The module `sklearn.ensemble`.

    Raises:
        MissingPackage: scikit-learn is not installed.
    """
    try:
        from sklearn import ensemble
    except ImportError as error:
        raise MissingPackage("scikit-learn", "Growing trees", "sklearn") from error
    return ensemble
