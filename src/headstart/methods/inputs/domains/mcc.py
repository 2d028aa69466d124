from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from torch import Tensor

from headstart.core import About, Ctx, Domains, Parts
from headstart.losses.alignment.mcc import class_confusion

from ._aligning import Aligning, Seen


@final
@dataclass(frozen=True, kw_only=True)
class MCC(Aligning):
    """Let no two classes be confused with each other on the target's rows.

    Attributes:
        temperature: divides the target's logits, > 0; above 1 the classes after the first count more.
    """

    about = About(
        "mcc",
        "mapping",
        "inputs",
        Domains,
        "arXiv:1912.03699",
        per_sample_loss=False,
        label_kinds=("classes",),
        display_name="Minimum class confusion (MCC)",
    )
    temperature: float = 2.5

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("temperature", 0 < self.temperature < float("inf"), "> 0")

    def align(self, parts: Parts, seen: Seen, ctx: Ctx) -> Mapping[str, Tensor]:
        """How much the target's classes are confused."""
        return {"confusion": self.strength(ctx) * class_confusion(seen.target_logits, self.temperature)}
