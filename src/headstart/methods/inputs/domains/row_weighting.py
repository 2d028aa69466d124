"""Importance weights of source rows: how much likelier a row is in the target than in the source."""

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from headstart.core import Labelled, Method
from headstart.metrics.shift.coverage import effective_sample_size, support
from headstart.solvers.ratios.named import ESTIMATORS, Estimator, doubt, ratios

MOST = 2000  # rows of each domain that are looked at for the support


@dataclass(frozen=True, kw_only=True)
class RowWeighting(Method[Labelled]):
    """Settings of methods that weight the rows of the source, if there is a target.

    Attributes:
        estimator: of the weights: "classifier" classifies the domains, "gaussian" takes a normal
            distribution for each, "kliep" and "ulsif" take sums of kernels, "kmm" matches means.
        clip: a quantile in (0, 1], at which larger weights are clipped; None clips none.
    """

    estimator: Estimator = "classifier"
    clip: float | None = None

    def check_weighting(self) -> None:
        """Refuse settings out of range."""
        self.check("estimator", self.estimator in ESTIMATORS, f"one of {', '.join(ESTIMATORS)}")
        self.check("clip", self.clip is None or 0 < self.clip <= 1, "in (0, 1], or None to cut no weight")

    def row_weights(self, source: Tensor, target: Tensor, seed: int) -> Tensor:
        """Importance weights (n,) with mean 1, of frozen features of the source (n, d) and target (m, d)."""
        return ratios(self.estimator, source, target, self.clip, seed).weights

    def unreliable_weights(self, source: Tensor, target: Tensor, weights: Tensor) -> str | None:
        """Why weights (n,) of these features can't be trusted; None if they can. See `doubt`."""
        return doubt(share_reached(source, target), effective_sample_size(weights) / len(weights))


def share_reached(source: Any, target: Any) -> float:
    """The share of target rows (m, d) within the support of the source rows (n, d); 1 if those are few."""
    one, other = (each[:: max(1, -(-len(each) // MOST))] for each in (source, target))
    k = min(5, len(one) - 1)
    return support(one, other, k=k).share if k else 1.0
