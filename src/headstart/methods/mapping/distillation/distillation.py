from dataclasses import dataclass
from typing import final

from headstart.core import About, Distilled

from ._soft_targets import SoftTargets


@final
@dataclass(frozen=True, kw_only=True)
class Distillation(SoftTargets):
    """Train a student on labels and on the softened outputs of a teacher.

    The loss is alpha * label loss + (1 - alpha) * T^2 * KL(teacher at T || student at T).
    """

    about = About("distillation", "targets", "mapping", Distilled, "arXiv:1503.02531")
