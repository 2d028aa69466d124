"""Meta-SGD: the rates of the inner steps are learned with the start."""

from dataclasses import dataclass
from typing import ClassVar, Literal, final

from headstart.learners.optimisation._ordered import OrderedLoop


@final
@dataclass(frozen=True, kw_only=True)
class MetaSGD(OrderedLoop):
    """MAML that learns the rates of its inner steps, which may become negative.

    Attributes:
        rates: learned: of each "parameter", each "layer", or none: "fixed".
    """

    name: ClassVar[str] = "meta-sgd"
    title: ClassVar[str] = "Meta-SGD"
    paper: ClassVar[str] = "arXiv:1707.09835"

    rates: Literal["parameter", "layer", "fixed"] = "parameter"

    @property
    def learned_rates(self) -> str:
        """As the setting says."""
        return self.rates
