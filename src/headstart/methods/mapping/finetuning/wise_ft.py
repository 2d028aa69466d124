import copy
from dataclasses import dataclass
from typing import final

from headstart.core import About, Backbone, Labelled, Model, Parts, Task
from headstart.methods.mapping.finetuning._mix import mixed
from headstart.methods.mapping.finetuning._probed import Probed


@final
@dataclass(frozen=True, kw_only=True)
class WiSEFT(Probed):
    """Tune from a probe, then ship a model between the start and the end, weight by weight.

    Attributes:
        alpha: how far from the start, the probed backbone, to the end, the tuned one, in [0, 1].
    """

    about = About("wise-ft", "start", "mapping", Labelled, "arXiv:2109.01903", display_name="WiSE-FT")
    alpha: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("alpha", 0 <= self.alpha <= 1, "in [0, 1]")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The start, which stays, beside what learns."""
        parts = super().parts(backbone, task)
        return Parts({**parts, "start": copy.deepcopy(super().predictor(parts))})

    def predictor(self, parts: Parts) -> Model:
        """(1 - alpha) * start + alpha * end."""
        return mixed(parts["start"], super().predictor(parts), self.alpha)
