from dataclasses import dataclass, replace
from typing import final

from headstart.core import About, Labelled, On
from headstart.methods.mapping._tuning import Tuning


@final
@dataclass(frozen=True, kw_only=True)
class GradualUnfreezing(Tuning):
    """Train the head first, then one more block at a time, from the last one down to the first.

    When a block begins is a function of the progress, so a run that is resumed goes on as it was.

    Attributes:
        begin: progress in [0, 1) at which the last block begins; before it only the head learns.
        full: progress in [begin, 1) at which the first block begins and all of it learns.
    """

    about = About("gradual-unfreezing", "start", "mapping", Labelled, "arXiv:1801.06146")
    begin: float = 0.1
    full: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("begin", 0 <= self.begin < 1, "in [0, 1)")
        self.check("full", self.begin <= self.full < 1, f"at least begin, which is {self.begin!r}, and < 1")

    def on_backbone(self) -> On:
        """One block after the other."""
        return replace(super().on_backbone(), since=self.begin, spread=self.full - self.begin)
