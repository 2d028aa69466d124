"""The linear probe that other things stand on."""

from torch import Tensor

from headstart.core import LabelKind, label_kind_of
from headstart.methods.outputs.probing.logistic_probe import LogisticProbe
from headstart.methods.outputs.probing.ridge_probe import RidgeProbe
from headstart.solvers.penalty_selection import select_logistic, select_ridge


def linear_probe(kind: LabelKind, penalty: float | None = None) -> LogisticProbe | RidgeProbe:
    """A logistic probe; for numbers, which have no logistic regression, a ridge probe."""
    return RidgeProbe(penalty=penalty) if kind == "numbers" else LogisticProbe(penalty=penalty)


def select_penalty(x: Tensor, y: Tensor, outputs: int) -> float:
    """The penalty that `linear_probe` selects by cross-validation on rows x (n, d) with labels y."""
    select = select_ridge if label_kind_of(y) == "numbers" else select_logistic
    return select(x, y, outputs).penalty
