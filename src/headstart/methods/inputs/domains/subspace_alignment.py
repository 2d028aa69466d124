from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from headstart.core import About, Backbone, Domains, Parts, Task
from headstart.solvers.alignment import subspace_alignment

from ._mapping import FeatureMapping, domain_banks

HELD = 0.95  # share of the variance


@final
@dataclass(frozen=True, kw_only=True)
class SubspaceAlignment(FeatureMapping):
    """Turn the principal axes of the source's frozen features to the target's, then fit a linear probe.

    Attributes:
        size: how many axes, >= 1; None takes the fewest that hold 95 % of the variance of one of the domains.
    """

    about = About(
        "subspace-alignment",
        "mapping",
        "inputs",
        Domains,
        "doi:10.1109/ICCV.2013.368",
        closed_form=True,
    )
    size: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("size", self.size is None or self.size >= 1, ">= 1, or None to find it")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The frozen backbone, and banks of features."""
        return domain_banks(backbone, task)

    def move(self, source: Tensor, labels: Tensor, target: Tensor) -> Tensor:
        """Source rows as points of the plane that the target's axes span.

        A linear probe with a penalty reads nothing off directions in which its rows do not vary: fitted to
        these, it is the probe on the k coordinates, followed by the target's axes.
        """
        size = min(_axes(source), _axes(target)) if self.size is None else self.size
        found = subspace_alignment(source, target, size)
        return found.source(source) @ found.target.weight + target.mean(0)


def _axes(x: Tensor) -> int:
    """How many principal axes of rows (n, d) hold 95 % of the variance."""
    variances = torch.linalg.svdvals(x.double() - x.double().mean(0)).square()
    held = variances.cumsum(0) / variances.sum().clamp_min(1e-30)
    return min(int((held < HELD).sum()) + 1, len(held))
