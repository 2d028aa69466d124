from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from torch import Tensor

from headstart.core import About, Ctx, Domains, Parts
from headstart.losses.alignment.coral import coral_loss

from ._aligning import Aligning, Seen


@final
@dataclass(frozen=True, kw_only=True)
class DeepCORAL(Aligning):
    """Learn features whose covariances are the same in the source and in the target.

    Means are not compared: a head that is right about the one may be shifted on the other.
    """

    about = About(
        "deep-coral",
        "mapping",
        "inputs",
        Domains,
        "arXiv:1607.01719",
        per_sample_loss=False,
        display_name="Deep CORAL",
    )

    def align(self, parts: Parts, seen: Seen, ctx: Ctx) -> Mapping[str, Tensor]:
        """The distance of the covariances."""
        return {"coral": self.strength(ctx) * coral_loss(seen.source, seen.target)}
