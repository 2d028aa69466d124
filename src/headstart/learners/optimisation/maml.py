"""Model-agnostic meta-learning: a start from which a few gradient steps learn a task."""

from dataclasses import dataclass
from typing import ClassVar, final

from headstart.learners.optimisation._ordered import OrderedLoop


@final
@dataclass(frozen=True, kw_only=True)
class MAML(OrderedLoop):
    """The start is learned through the inner steps: their own derivatives count."""

    name: ClassVar[str] = "maml"
    title: ClassVar[str] = "MAML"
    paper: ClassVar[str] = "arXiv:1703.03400"
