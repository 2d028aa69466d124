from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from torch import Tensor

from headstart.core import About, Ctx, Domains, Parts
from headstart.losses.alignment.information_maximisation import information_maximisation_loss

from ._aligning import Aligning, Seen


@final
@dataclass(frozen=True, kw_only=True)
class EntropyMinimisation(Aligning):
    """Be sure of the target's rows: lower the entropy of what is said of each.

    Attributes:
        balance: how much the entropy of the mean answer is raised meanwhile, >= 0: 0 is plain entropy
            minimisation, 1 maximises the mutual information of rows and answers.
    """

    about = About(
        "entropy-minimisation",
        "mapping",
        "inputs",
        Domains,
        "doi:10.5555/2976040.2976107",
        per_sample_loss=False,  # parts of a batch need not hold the two domains in the same shares
        label_kinds=("classes",),
    )
    weight: float = 0.1
    balance: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("balance", 0 <= self.balance < float("inf"), ">= 0")

    def align(self, parts: Parts, seen: Seen, ctx: Ctx) -> Mapping[str, Tensor]:
        """The entropy in nats, less that of the mean answer."""
        loss = information_maximisation_loss(seen.target_logits, self.balance)
        return {"entropy": self.strength(ctx) * loss}
