"""What all tuning that starts from a probe's head shares."""

from dataclasses import dataclass
from typing import Any

from headstart.core import Method
from headstart.methods.mapping._tuning import Tuning
from headstart.methods.outputs.probing.logistic_probe import LogisticProbe


@dataclass(frozen=True, kw_only=True)
class Probed(Tuning):
    """Tuning whose first stage is a logistic probe.

    Attributes:
        penalty: of the probe; see `LogisticProbe`.
    """

    penalty: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("penalty", self.penalty is None or self.penalty > 0, "> 0")

    def stages(self) -> tuple[Method[Any], ...]:
        """The probe, then the tuning, from the head that the probe has learned."""
        return (LogisticProbe(penalty=self.penalty), self)
