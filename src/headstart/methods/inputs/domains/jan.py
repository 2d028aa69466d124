from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from torch import Tensor

from headstart.core import About, Ctx, Domains, Parts
from headstart.losses.alignment.jan import joint_mmd_loss

from ._aligning import Aligning, Seen, probabilities


@final
@dataclass(frozen=True, kw_only=True)
class JAN(Aligning):
    """Learn features that have, together with the answers, the same distribution in both domains.

    Attributes:
        bandwidth: of the kernel on the features, > 0, in their units; None takes it from the rows at hand, as
            that on the answers is. Each is the mean of five with a quarter to four times its square.
    """

    about = About(
        "jan",
        "mapping",
        "inputs",
        Domains,
        "arXiv:1605.06636",
        per_sample_loss=False,
        label_kinds=("classes",),
        display_name="Joint adaptation network (JAN)",
    )
    bandwidth: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("bandwidth", self.bandwidth is None or 0 < self.bandwidth < float("inf"), "> 0, or None")

    def align(self, parts: Parts, seen: Seen, ctx: Ctx) -> Mapping[str, Tensor]:
        """The joint maximum mean discrepancy of features and probabilities."""
        source = (seen.source, probabilities(seen.source_logits))
        target = (seen.target, probabilities(seen.target_logits))
        found = joint_mmd_loss(source, target, bandwidths=(self.bandwidth, None))
        return {"joint mmd": self.strength(ctx) * found}
