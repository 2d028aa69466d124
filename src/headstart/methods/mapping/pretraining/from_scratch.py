from dataclasses import dataclass
from typing import Literal, final

from headstart.core import About, Backbone, Labelled, Parts, Task
from headstart.methods.mapping._tuning import Tuning


@final
@dataclass(frozen=True, kw_only=True)
class FromScratch(Tuning):
    """Train the same architecture from random weights: what transfer has to beat."""

    about = About("from-scratch", "nothing", "mapping", Labelled, "arXiv:1811.08883")
    backbone_lr: float = 1.0
    norm: Literal["frozen", "train"] = "train"

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """An untrained twin of the backbone, and a new head."""
        return super().parts(backbone.untrained(task.seed), task)
