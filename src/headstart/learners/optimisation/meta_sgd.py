"""Meta-SGD: the rates of the inner steps are learned with the start."""

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, final

from torch import nn

from headstart.core import Descend, Move, On
from headstart.learners.optimisation._ordered import OrderedLoop

RATES = ("parameter", "layer", "fixed")


def is_rate(name: str, _module: nn.Module) -> bool:
    """Whether a parameter is an inner rate, by its name in `Start`."""
    return name.startswith("rates.")


@final
@dataclass(frozen=True, kw_only=True)
class MetaSGD(OrderedLoop):
    """MAML that learns the rates of its inner steps, which may become negative.

    Attributes:
        rates: learned: of each "parameter", each "layer", or none: "fixed".
        rate_lr: factor on the learning rate for the rates, which are small numbers, >= 0.
    """

    name: ClassVar[str] = "meta-sgd"
    title: ClassVar[str] = "Meta-SGD"
    paper: ClassVar[str] = "arXiv:1707.09835"

    rates: Literal["parameter", "layer", "fixed"] = "parameter"
    rate_lr: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("rates", self.rates in RATES, f"one of {', '.join(RATES)}")
        self.check("rate_lr", 0 <= self.rate_lr < math.inf, "a number >= 0")

    def moves(self) -> tuple[Move[Any], ...]:
        """One descent on the start and the rates."""
        rates = On("network", keep=is_rate, lr=self.rate_lr)
        return (Descend(self.loss, on=(rates, On("network", statistics="frozen"))),)

    @property
    def learned_rates(self) -> str:
        """As the setting says."""
        return self.rates
