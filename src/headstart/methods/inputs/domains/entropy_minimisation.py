from dataclasses import dataclass
from typing import final

from headstart.core import About, Backbone, Ctx, Descend, Domains, Loss, Model, Parts, Task
from headstart.losses.alignment.information_maximisation import information_maximisation_loss
from headstart.methods.tuning import tuned_on, tuned_parts

from ._alignment import AlignmentSettings, forward_domains, source_loss


@final
@dataclass(frozen=True, kw_only=True)
class EntropyMinimisation(AlignmentSettings):
    """Make confident predictions on the target: minimise the entropy of each.

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

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The backbone and a linear head."""
        return tuned_parts(self, backbone, task)

    def moves(self) -> tuple[Descend[Domains]]:
        """One descent on both."""
        return (Descend(self.loss, on=tuned_on(self)),)

    def loss(self, parts: Parts, batch: Domains, ctx: Ctx) -> Loss:
        """The label loss, and the entropy in nats of target predictions, less that of their mean."""
        if not self.weight:
            return source_loss(parts, batch, ctx, self.smoothing)
        outputs, labels = forward_domains(parts, batch, ctx, self.smoothing)
        entropy = information_maximisation_loss(outputs.target_logits, self.balance)
        return Loss.sum(**labels, entropy=self.strength(ctx) * entropy)

    def predictor(self, parts: Parts) -> Model:
        """Backbone and head."""
        return Model.of(parts)
