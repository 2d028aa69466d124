"""ANIL: almost no inner loop, which adapts the head alone."""

from dataclasses import dataclass
from typing import ClassVar, final

from headstart.learners.optimisation._ordered import OrderedLoop


@final
@dataclass(frozen=True, kw_only=True)
class ANIL(OrderedLoop):
    """MAML whose inner steps move the head; the features of a task's rows are computed once."""

    name: ClassVar[str] = "anil"
    title: ClassVar[str] = "ANIL"
    paper: ClassVar[str] = "arXiv:1909.09157"

    adapts: str | tuple[str, ...] = "head"
