from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from torch import Tensor

from headstart.core import About, Ctx, Domains, Parts
from headstart.losses.alignment.mmd import mmd_loss

from ._aligning import Aligning, Seen


@final
@dataclass(frozen=True, kw_only=True)
class DAN(Aligning):
    """Learn features that have the same distribution in both domains, as a kernel sees it (MMD).

    Attributes:
        bandwidth: of the kernel, > 0, in units of the features; None takes it from the rows at hand. Five
            kernels with a quarter to four times its square are averaged.
    """

    about = About(
        "dan",
        "mapping",
        "inputs",
        Domains,
        "arXiv:1502.02791",
        per_sample_loss=False,
        display_name="Deep adaptation network (DAN, MMD)",
    )
    bandwidth: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("bandwidth", self.bandwidth is None or 0 < self.bandwidth < float("inf"), "> 0, or None")

    def align(self, parts: Parts, seen: Seen, ctx: Ctx) -> Mapping[str, Tensor]:
        """The maximum mean discrepancy of the features."""
        found = mmd_loss(seen.source, seen.target, bandwidth=self.bandwidth)
        return {"mmd": self.strength(ctx) * found}
