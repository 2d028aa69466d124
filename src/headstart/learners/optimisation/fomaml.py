"""First-order MAML: the gradient at the adapted weights moves the start."""

from dataclasses import dataclass
from typing import ClassVar, final

from headstart.learners.optimisation._settings import InnerLoop


@final
@dataclass(frozen=True, kw_only=True)
class FOMAML(InnerLoop):
    """MAML that takes the inner gradients as constants: no second derivatives."""

    name: ClassVar[str] = "fomaml"
    title: ClassVar[str] = "First-order MAML"
    paper: ClassVar[str] = "arXiv:1703.03400"
