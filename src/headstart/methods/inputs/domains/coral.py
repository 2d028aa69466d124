from dataclasses import dataclass
from typing import final

from torch import Tensor

from headstart.core import About, Backbone, Domains, Parts, Task
from headstart.solvers.alignment import coral

from ._mapping import FeatureMapping, domain_banks


@final
@dataclass(frozen=True, kw_only=True)
class CORAL(FeatureMapping):
    """Give the source's frozen features the mean and covariance of the target's, then fit a linear probe.

    Attributes:
        shrinkage: share in [0, 1] of each covariance that is the same in all directions; with 1 the features
            are only shifted and scaled by one factor.
    """

    about = About(
        "coral",
        "mapping",
        "inputs",
        Domains,
        "arXiv:1511.05547",
        closed_form=True,
        display_name="Correlation alignment (CORAL)",
    )
    shrinkage: float = 0.01

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("shrinkage", 0 <= self.shrinkage <= 1, "in [0, 1]")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The frozen backbone, and banks of features."""
        return domain_banks(backbone, task)

    def move(self, source: Tensor, labels: Tensor, target: Tensor) -> Tensor:
        """Source features whitened, then coloured with the covariance of the target."""
        return coral(source, target, self.shrinkage)(source)
