"""What all methods share that count source rows by how likely they are in the target."""

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from headstart.core import BadInput
from headstart.metrics.shift.coverage import effective_sample_size, support
from headstart.solvers.ratios.named import ESTIMATORS, Estimator, doubt, ratios

MOST = 2000  # rows of each domain that are looked at for the support


@dataclass(frozen=True, kw_only=True)
class Weighing:
    """Weighs the rows of the source, if there is a target.

    Attributes:
        estimator: of the weights: "classifier" tells the domains apart, "gaussian" takes a normal
            distribution for each, "kliep" and "ulsif" take sums of kernels, "kmm" matches means.
        clip: a quantile in (0, 1], to which larger weights are cut; None cuts none.
    """

    estimator: Estimator = "classifier"
    clip: float | None = None

    def check_weighing(self, name: str) -> None:
        """Refuse settings of the method called `name` that can't be."""
        if self.estimator not in ESTIMATORS:
            known = ", ".join(ESTIMATORS)
            raise BadInput(f"{name}: estimator is {self.estimator!r}; it must be one of {known}.")
        if self.clip is not None and not 0 < self.clip <= 1:
            raise BadInput(f"{name}: clip is {self.clip!r}; it must be in (0, 1], or None to cut no weight.")

    def row_weights(self, source: Tensor, target: Tensor, seed: int) -> Tensor:
        """Importance weights (n,) with mean 1, of frozen features of the source (n, d) and target (m, d)."""
        return ratios(self.estimator, source, target, self.clip, seed).weights

    def unreliable_weights(self, source: Tensor, target: Tensor, weights: Tensor) -> str | None:
        """Why weights (n,) of these features can't be trusted; None if they can. See `doubt`."""
        return doubt(share_reached(source, target), effective_sample_size(weights) / len(weights))


def share_reached(source: Any, target: Any) -> float:
    """The share of target rows (m, d) that lie where source rows (n, d) do; 1 for a source of a few rows."""
    one, other = (each[:: max(1, -(-len(each) // MOST))] for each in (source, target))
    k = min(5, len(one) - 1)
    return support(one, other, k=k).share if k else 1.0
