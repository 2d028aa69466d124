from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from headstart.core import About, Head, Labelled, MissingPackage
from headstart.methods.outputs.probing.probe import Probe
from headstart.nn.tf_idf_head import TfIdfHead
from headstart.solvers.penalty_selection import FOLDS, deal

PENALTIES: tuple[float, ...] = tuple(10.0 ** (k / 2) for k in range(1, -7, -1))  # strongest first


@final
@dataclass(frozen=True, kw_only=True)
class TfIdf(Probe):
    """Logistic regression on TF-IDF features: counts of words, weighted by how rare each is.

    The words are those of the texts; a backbone of texts has no other part in it, so nothing is transferred.
    Needs scikit-learn.

    Attributes:
        penalty: half of it multiplies the squared weights, against the sum of cross-entropies
            (1 / C of scikit-learn), > 0; None finds it by five folds.
    """

    about = About(
        "tf-idf",
        "nothing",
        "mapping",
        Labelled,
        "doi:10.1108/eb026526",
        closed_form=True,
        needs_columns=True,
        label_kinds=("classes", "tags"),
        package="sklearn",
        display_name="TF-IDF and logistic regression",
    )
    penalty: float | None = None

    def __post_init__(self) -> None:
        self.check("penalty", self.penalty is None or 0 < self.penalty < float("inf"), "> 0, or None")

    def solve(self, features: Tensor, labels: Tensor, outputs: int, weights: Tensor | None = None) -> Head:
        """The weights of the best penalty."""
        head = TfIdfHead.fitted(features, outputs)
        x, y = _sparse(head.weighted(features)), labels.numpy(force=True)
        w = np.ones(len(y)) if weights is None else weights.double().numpy(force=True)
        penalty = self.penalty or _best(x, y, w, outputs)
        weight, bias = _fitted(x, y, w, outputs, penalty)
        with torch.no_grad():
            head.weight.copy_(torch.from_numpy(weight))
            head.bias.copy_(torch.from_numpy(bias))
        return head


def _best(x: Any, y: NDArray[Any], w: NDArray[Any], outputs: int) -> float:
    """The penalty of the least log loss over folds, to which the rows of each class are dealt in turn.

    From the strongest down, until one brings no improvement.
    """
    strata = torch.from_numpy(y if y.ndim == 1 else y.sum(1))
    fold = deal(strata, min(FOLDS, len(y))).numpy()
    best, least = PENALTIES[0], float("inf")
    for penalty in PENALTIES if len(y) > 1 else ():
        logits = np.empty((len(y), outputs))
        for number in range(fold.max() + 1):
            held = fold == number
            weight, bias = _fitted(x[~held], y[~held], w[~held], outputs, penalty)
            logits[held] = x[held] @ weight.T + bias
        loss = _loss(logits, y, w)
        if loss >= least:
            break
        best, least = penalty, loss
    return best


def _loss(logits: NDArray[Any], y: NDArray[Any], w: NDArray[Any]) -> float:
    outputs, labels, weights = torch.from_numpy(logits), torch.from_numpy(y), torch.from_numpy(w)
    if y.ndim == 1:
        losses = cross_entropy(outputs, labels, reduction="none")
    else:
        losses = binary_cross_entropy_with_logits(outputs, labels.double(), reduction="none").mean(1)
    return float((weights * losses).sum() / weights.sum())


def _fitted(
    x: Any, y: NDArray[Any], w: NDArray[Any], outputs: int, penalty: float
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Weight (outputs, width) and bias (outputs,) by scikit-learn; of tags each output by itself.

    What no row has, or every row, is predicted as if half a row more had been seen on each side.
    """
    weight, limit = np.zeros((outputs, x.shape[1])), np.log(2 * w.sum() + 1)
    if y.ndim == 2:
        bias = np.where(y.any(0), limit, -limit)
        for tag in np.flatnonzero(y.any(0) & ~y.all(0)):
            weight[tag], bias[tag] = (each[0] for each in _regression(x, y[:, tag], w, penalty))
        return weight, bias
    present = np.unique(y)
    bias = np.full(outputs, -limit)
    if len(present) == 1:
        bias[present] = 0
    elif len(present) == 2:  # scikit-learn has one weight vector: half of it for one class, half against
        one, offset = _regression(x, y, w, penalty)
        weight[present], bias[present] = np.concatenate([-one, one]) / 2, np.array([-1, 1]) * offset / 2
    else:
        weight[present], bias[present] = _regression(x, y, w, penalty)
    return weight, bias


def _regression(
    x: Any, y: NDArray[Any], w: NDArray[Any], penalty: float
) -> tuple[NDArray[Any], NDArray[Any]]:
    try:
        from sklearn.linear_model import LogisticRegression
    except ImportError as error:
        raise MissingPackage("scikit-learn", "Logistic regression on words", "sklearn") from error
    found = LogisticRegression(C=1 / penalty, max_iter=1000).fit(x, y, w)
    return found.coef_, found.intercept_


def _sparse(x: Tensor) -> Any:
    """Features (n, d) as scipy's sparse rows, in float64."""
    from scipy.sparse import csr_array

    return csr_array(x.numpy(force=True)).astype(np.float64)
