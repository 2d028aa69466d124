from dataclasses import dataclass
from typing import final

from headstart.core import About, Backbone, Ctx, Descend, Domains, Loss, Model, On, Parts, Task
from headstart.losses.alignment.domain_confusion import domain_loss
from headstart.losses.alignment.reversal import reverse_gradient
from headstart.methods.tuning import tuned_on, tuned_parts
from headstart.nn.critic import Critic

from ._alignment import AlignmentSettings, forward_domains, source_loss


@final
@dataclass(frozen=True, kw_only=True)
class DANN(AlignmentSettings):
    """Learn features from which a domain classifier, the critic, cannot distinguish source from target.

    The critic learns to distinguish them; the gradient that it hands to the features is reversed, so that
    these learn the opposite. `weight` and `steepness` are those of the reversed gradient.

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

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The backbone, a linear head and the critic."""
        parts = tuned_parts(self, backbone, task)
        if self.weight:
            parts["critic"] = Critic(backbone.width, self.hidden)
        return parts

    def moves(self) -> tuple[Descend[Domains]]:
        """One descent on everything."""
        critic = (On("critic", weight_decay=self.weight_decay),) if self.weight else ()
        return (Descend(self.loss, on=(*tuned_on(self), *critic)),)

    def loss(self, parts: Parts, batch: Domains, ctx: Ctx) -> Loss:
        """The label loss, and the critic's cross-entropy with its gradient to the features reversed."""
        if not self.weight:
            return source_loss(parts, batch, ctx, self.smoothing)
        outputs, labels = forward_domains(parts, batch, ctx, self.smoothing)
        critic, strength = parts["critic"], self.strength(ctx)
        source, target = (critic(reverse_gradient(z, strength)) for z in (outputs.source, outputs.target))
        return Loss.sum(**labels, domain=domain_loss(source, target))

    def predictor(self, parts: Parts) -> Model:
        """Backbone and head."""
        return Model.of(parts)
