"""The linear probe that other things stand on."""

from headstart.core import LabelKind
from headstart.methods.outputs.probing.logistic_probe import LogisticProbe
from headstart.methods.outputs.probing.ridge_probe import RidgeProbe


def linear_probe(kind: LabelKind, penalty: float | None = None) -> LogisticProbe | RidgeProbe:
    """A logistic probe; for numbers, which have no logistic regression, a ridge probe."""
    return RidgeProbe(penalty=penalty) if kind == "numbers" else LogisticProbe(penalty=penalty)
