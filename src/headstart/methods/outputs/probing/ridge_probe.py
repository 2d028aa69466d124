from dataclasses import dataclass
from typing import final

from torch import Tensor

from headstart.core import About, Head, Labelled
from headstart.core.linear_head import LinearHead
from headstart.solvers.penalty_selection import select_ridge

from .probe import Probe


@final
@dataclass(frozen=True, kw_only=True)
class RidgeProbe(Probe):
    """Read new outputs off a frozen mapping with the exact ridge solution: no gradient at all.

    One factorisation gives the fits of a whole path of penalties and what each says of every row
    when that row is left out; the penalty and the scale of the logits are chosen by that.

    Attributes:
        penalty: on the squared weights, > 0, against the sum of squared errors; None finds it.
    """

    about = About(
        "ridge-probe", "mapping", "outputs", Labelled, "doi:10.1080/00401706.1970.10488634", closed_form=True
    )
    penalty: float | None = None

    def __post_init__(self) -> None:
        self.check("penalty", self.penalty is None or self.penalty > 0, "> 0")

    def solve(self, features: Tensor, labels: Tensor, outputs: int, weights: Tensor | None = None) -> Head:
        """The linear head of the best penalty."""
        found = select_ridge(features, labels, outputs, self.penalty, weights)
        return LinearHead.of(found.weight, found.bias)
