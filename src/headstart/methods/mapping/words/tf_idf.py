from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from headstart.core import About, Head, Labelled, MissingPackage, label_kind_of
from headstart.losses.label import label_loss
from headstart.methods.outputs.probing.probe import Probe
from headstart.nn.tf_idf_head import TfIdfHead
from headstart.solvers.penalty_selection import FOLDS, deal

PENALTIES: tuple[float, ...] = tuple(10.0 ** (k / 2) for k in range(1, -7, -1))  # strongest first
OF_NUMBERS: tuple[float, ...] = tuple(10.0 ** (k / 2) for k in range(4, -5, -1))  # likewise


@final
@dataclass(frozen=True, kw_only=True)
class TfIdf(Probe):
    """Logistic or ridge regression on TF-IDF features: counts of words, weighted by how rare each is.

    The words are those of the texts; a backbone of texts has no other part in it, so nothing is transferred.
    Needs scikit-learn.

    Attributes:
        penalty: half of it multiplies the squared weights, against the sum of cross-entropies
            (1 / C of scikit-learn), > 0; of numbers all of it, against the sum of squared errors (alpha).
            None finds it by five folds.
    """

    about = About(
        "tf-idf",
        "nothing",
        "mapping",
        Labelled,
        "doi:10.1108/eb026526",
        closed_form=True,
        needs_columns=True,
        needs_words=True,
        package="sklearn",
        display_name="TF-IDF and a linear model",
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
    """The penalty of the least loss over folds, to which the rows of each class are dealt in turn.

    From the strongest down, until one brings no improvement.
    """
    penalties = OF_NUMBERS if label_kind_of(y) == "numbers" else PENALTIES
    fold = deal(_strata(y), min(FOLDS, len(y))).numpy()
    best, least = penalties[0], float("inf")
    for penalty in penalties if len(y) > 1 else ():
        answers = np.empty((len(y), outputs))
        for number in range(fold.max() + 1):
            held = fold == number
            weight, bias = _fitted(x[~held], y[~held], w[~held], outputs, penalty)
            answers[held] = x[held] @ weight.T + bias
        loss = float(label_loss(torch.from_numpy(answers), torch.from_numpy(y), weight=torch.from_numpy(w)))
        if loss >= least:
            break
        best, least = penalty, loss
    return best


def _strata(y: NDArray[Any]) -> Tensor:
    """What folds are even in (n,): classes, the number of tags, the rank by the first column of numbers."""
    kind = label_kind_of(y)
    if kind == "numbers":
        return torch.from_numpy(y[:, 0].argsort(kind="stable").argsort(kind="stable"))
    return torch.from_numpy(y if kind == "classes" else y.sum(1))


def _fitted(
    x: Any, y: NDArray[Any], w: NDArray[Any], outputs: int, penalty: float
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Weight (outputs, width) and bias (outputs,) by scikit-learn; of tags each output by itself.

    What no row has, or every row, is predicted as if half a row more had been seen on each side.
    """
    kind = label_kind_of(y)
    if kind == "numbers":
        return _ridge(x, y, w, penalty)
    weight, limit = np.zeros((outputs, x.shape[1])), np.log(2 * w.sum() + 1)
    if kind == "tags":
        bias = np.where(y.any(0), limit, -limit)
        for tag in np.flatnonzero(y.any(0) & ~y.all(0)):
            weight[tag], bias[tag] = (each[0] for each in _logistic(x, y[:, tag], w, penalty))
        return weight, bias
    present = np.unique(y)
    bias = np.full(outputs, -limit)
    if len(present) == 1:
        bias[present] = 0
    elif len(present) == 2:  # scikit-learn has one weight vector: half of it for one class, half against
        one, offset = _logistic(x, y, w, penalty)
        weight[present], bias[present] = np.concatenate([-one, one]) / 2, np.array([-1, 1]) * offset / 2
    else:
        weight[present], bias[present] = _logistic(x, y, w, penalty)
    return weight, bias


def _logistic(x: Any, y: NDArray[Any], w: NDArray[Any], penalty: float) -> tuple[NDArray[Any], NDArray[Any]]:
    found = _linear_models().LogisticRegression(C=1 / penalty, max_iter=1000).fit(x, y, w)
    return found.coef_, found.intercept_


def _ridge(x: Any, y: NDArray[Any], w: NDArray[Any], penalty: float) -> tuple[NDArray[Any], NDArray[Any]]:
    found = _linear_models().Ridge(alpha=penalty, tol=1e-8).fit(x, y.astype(np.float64), w)
    return np.atleast_2d(found.coef_), np.atleast_1d(found.intercept_)


def _linear_models() -> Any:
    """The module `sklearn.linear_model`.

    Raises:
        MissingPackage: scikit-learn is not installed.
    """
    try:
        from sklearn import linear_model
    except ImportError as error:
        raise MissingPackage("scikit-learn", "Regression on words", "sklearn") from error
    return linear_model


def _sparse(x: Tensor) -> Any:
    """Features (n, d) as scipy's sparse rows, in float64."""
    from scipy.sparse import csr_array

    return csr_array(x.numpy(force=True)).astype(np.float64)
