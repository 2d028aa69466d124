from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from torch import Tensor

from headstart.core import About, Backbone, Ctx, Domains, On, Parts, Task
from headstart.losses.alignment.domain_confusion import domain_loss
from headstart.losses.alignment.reversal import reverse_gradient
from headstart.nn.critic import Critic

from ._aligning import Aligning, Seen


@final
@dataclass(frozen=True, kw_only=True)
class DANN(Aligning):
    """Learn features from which a critic cannot tell source from target.

    The critic learns to tell them apart; behind it the gradient is turned round, so that the features
    learn the contrary. `weight` and `steepness` are those of the turned gradient.

    Attributes:
        hidden: width of the critic's hidden layers, >= 1.
    """

    about = About(
        "dann",
        "mapping",
        "inputs",
        Domains,
        "arXiv:1505.07818",
        per_sample_loss=False,
        display_name="Domain-adversarial training (DANN)",
    )
    hidden: int = 128

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("hidden", self.hidden >= 1, ">= 1")

    def extra(self, backbone: Backbone, task: Task) -> Parts:
        """The critic."""
        return Parts({"critic": Critic(backbone.width, self.hidden)})

    def on_extra(self) -> tuple[On, ...]:
        """All of the critic."""
        return (On("critic", weight_decay=self.weight_decay),)

    def align(self, parts: Parts, seen: Seen, ctx: Ctx) -> Mapping[str, Tensor]:
        """The critic's cross-entropy, whose gradient is turned on its way to the features."""
        says = [parts["critic"](reverse_gradient(z, self.strength(ctx))) for z in (seen.source, seen.target)]
        return {"domain": domain_loss(says[0], says[1])}
