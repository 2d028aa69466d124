"""What all tuning that starts from a probe's head shares."""

from dataclasses import dataclass
from typing import Any

from headstart.core import LabelKind, Method
from headstart.methods.mapping._tuning import Tuning
from headstart.methods.outputs.probing._standard import linear_probe


@dataclass(frozen=True, kw_only=True)
class Probed(Tuning):
    """Tuning whose first stage is a logistic probe, or for numbers a ridge probe.

    Attributes:
        penalty: of the probe; see `LogisticProbe`.
    """

    penalty: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("penalty", self.penalty is None or self.penalty > 0, "> 0")

    def stages(self, kind: LabelKind = "classes") -> tuple[Method[Any], ...]:
        """The probe, then the tuning, from the head that the probe has learned."""
        return (linear_probe(kind, self.penalty), self)
