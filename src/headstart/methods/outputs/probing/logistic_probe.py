from dataclasses import dataclass
from typing import final

from torch import Tensor

from headstart.core import About, Head, Labelled
from headstart.core.linear_head import LinearHead
from headstart.solvers.penalty_selection import select_logistic

from .probe import Probe


@final
@dataclass(frozen=True, kw_only=True)
class LogisticProbe(Probe):
    """Read new outputs off a frozen mapping with logistic regression, solved on all rows at once.

    Tags have a binary regression each.

    Attributes:
        penalty: half of it multiplies the squared weights, against the sum of cross-entropies
            (1 / C of scikit-learn), > 0; None finds it by five folds.
    """

    about = About(
        "logistic-probe",
        "mapping",
        "outputs",
        Labelled,
        "arXiv:1610.01644",
        closed_form=True,
        label_kinds=("classes", "tags"),
    )
    penalty: float | None = None

    def __post_init__(self) -> None:
        self.check("penalty", self.penalty is None or self.penalty > 0, "> 0")

    def solve(self, features: Tensor, labels: Tensor, outputs: int, weights: Tensor | None = None) -> Head:
        """The linear head of the best penalty."""
        found = select_logistic(features, labels, outputs, self.penalty, weights=weights)
        return LinearHead.of(found.weight, found.bias)
