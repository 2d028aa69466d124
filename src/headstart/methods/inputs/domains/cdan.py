from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from torch import Tensor, nn

from headstart.core import About, Backbone, Ctx, Domains, On, Parts, Task
from headstart.losses.alignment.cdan import Projection, entropy_weights, multilinear_map, projection
from headstart.losses.alignment.domain_confusion import domain_loss
from headstart.losses.alignment.reversal import reverse_gradient
from headstart.nn.critic import Critic

from ._aligning import Aligning, Seen, probabilities


class Products(nn.Module):
    """Features (n, width) and answers (n, classes) -> all their products, or `size` random sums of them."""

    features: Tensor | None  # (width, size)
    answers: Tensor | None  # (classes, size)

    def __init__(self, made: Projection | None) -> None:
        super().__init__()
        for name in Projection._fields:
            self.register_buffer(name, made and getattr(made, name))

    def forward(self, features: Tensor, answers: Tensor) -> Tensor:
        """See `multilinear_map`."""
        if self.features is None or self.answers is None:
            return multilinear_map(features, answers)
        return multilinear_map(features, answers, Projection(self.features, self.answers))


@final
@dataclass(frozen=True, kw_only=True)
class CDAN(Aligning):
    """Learn features from which a critic that is told the answers too cannot tell source from target.

    The critic reads every product of a feature with the probability of a class, so domains are brought
    together class by class. Its gradient is turned round on its way to the features, as in DANN; through
    the answers none goes.

    Attributes:
        hidden: width of the critic's hidden layers, >= 1.
        entropy: whether rows of which the model is sure count more, up to twice as much (CDAN+E).
        size: numbers that the critic reads at most, >= 1: where there are more products of features and
            classes, it reads as many random sums of them.
    """

    about = About(
        "cdan",
        "mapping",
        "inputs",
        Domains,
        "arXiv:1705.10667",
        per_sample_loss=False,
        label_kinds=("classes",),
        display_name="Conditional domain-adversarial training (CDAN)",
    )
    hidden: int = 128
    entropy: bool = True
    size: int = 4096

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("hidden", self.hidden >= 1, ">= 1")
        self.check("size", self.size >= 1, ">= 1")

    def extra(self, backbone: Backbone, task: Task) -> Parts:
        """The critic, and the random sums that it reads if there are too many products."""
        width, classes = backbone.width, task.outputs
        many = width * classes > self.size
        made = projection(width, classes, self.size, task.seed) if many else None
        critic = Critic(self.size if many else width * classes, self.hidden)
        return Parts({"critic": critic, "products": Products(made)})

    def on_extra(self) -> tuple[On, ...]:
        """All of the critic."""
        return (On("critic", weight_decay=self.weight_decay),)

    def align(self, parts: Parts, seen: Seen, ctx: Ctx) -> Mapping[str, Tensor]:
        """The critic's cross-entropy, whose gradient is turned on its way to the features."""

        def says(features: Tensor, logits: Tensor) -> Tensor:
            turned = reverse_gradient(features, self.strength(ctx))
            found: Tensor = parts["critic"](parts["products"](turned, probabilities(logits.detach())))
            return found

        source, target = says(seen.source, seen.source_logits), says(seen.target, seen.target_logits)
        if not self.entropy:
            return {"domain": domain_loss(source, target)}
        sure = entropy_weights(seen.source_logits), entropy_weights(seen.target_logits)
        return {"domain": domain_loss(source, target, *sure)}
