"""Tuning from the head of a linear probe."""

from dataclasses import dataclass
from typing import Any

from headstart.core import LabelKind, Labelled, Method
from headstart.methods.outputs.probing.linear_probe import linear_probe
from headstart.methods.tuning import TuningSettings


@dataclass(frozen=True, kw_only=True)
class ProbedSettings(TuningSettings[Labelled]):
    """Settings of tuning whose first stage is a logistic probe, or for numbers a ridge probe.

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
