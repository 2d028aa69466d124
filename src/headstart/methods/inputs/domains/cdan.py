from dataclasses import dataclass
from typing import final

from torch import Tensor, nn

from headstart.core import About, Backbone, Ctx, Descend, Domains, Loss, Model, On, Parts, Task
from headstart.losses.alignment.cdan import Projection, entropy_weights, multilinear_map, projection
from headstart.losses.alignment.domain_confusion import domain_loss
from headstart.losses.alignment.reversal import reverse_gradient
from headstart.methods.tuning import tuned_on, tuned_parts
from headstart.nn.critic import Critic

from ._alignment import AlignmentSettings, forward_domains, probabilities, source_loss


class Products(nn.Module):
    """All products of features (n, width) and probabilities (n, classes), or `size` random sums of them."""

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
class CDAN(AlignmentSettings):
    """Conditional DANN: the domain classifier, the critic, also sees the class predictions.

    The critic reads every product of a feature with the probability of a class, so domains are aligned
    class by class. Its gradient to the features is reversed, as in DANN; none goes to the predictions.

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

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The backbone, a linear head, the critic and the map of its inputs."""
        parts, width, classes = tuned_parts(self, backbone, task), backbone.width, task.outputs
        if self.weight:
            many = width * classes > self.size
            sums = projection(width, classes, self.size, task.seed) if many else None
            parts["critic"] = Critic(self.size if many else width * classes, self.hidden)
            parts["products"] = Products(sums)
        return parts

    def moves(self) -> tuple[Descend[Domains]]:
        """One descent on everything."""
        critic = (On("critic", weight_decay=self.weight_decay),) if self.weight else ()
        return (Descend(self.loss, on=(*tuned_on(self), *critic)),)

    def loss(self, parts: Parts, batch: Domains, ctx: Ctx) -> Loss:
        """The label loss, and the critic's cross-entropy with its gradient to the features reversed."""
        if not self.weight:
            return source_loss(parts, batch, ctx, self.smoothing)

        def critic(features: Tensor, logits: Tensor) -> Tensor:
            reversed_features = reverse_gradient(features, self.strength(ctx))
            products = parts["products"](reversed_features, probabilities(logits.detach()))
            domain: Tensor = parts["critic"](products)
            return domain

        outputs, labels = forward_domains(parts, batch, ctx, self.smoothing)
        source = critic(outputs.source, outputs.source_logits)
        target = critic(outputs.target, outputs.target_logits)
        if not self.entropy:
            return Loss.sum(**labels, domain=domain_loss(source, target))
        certainty = entropy_weights(outputs.source_logits), entropy_weights(outputs.target_logits)
        return Loss.sum(**labels, domain=domain_loss(source, target, *certainty))

    def predictor(self, parts: Parts) -> Model:
        """Backbone and head."""
        return Model.of(parts)
