from dataclasses import dataclass
from typing import Literal, final

from headstart.core import About, Backbone, BadData, BadInput, Ctx, Descend, Domains, Loss, Model, Parts, Task
from headstart.losses.alignment.information_maximisation import information_maximisation_loss
from headstart.methods.tuning import tuned_on, tuned_parts
from headstart.nn.domain_norm import domains, of_target, separate

from ._alignment import AlignmentSettings, forward_domains, source_loss


@final
@dataclass(frozen=True, kw_only=True)
class DomainNorm(AlignmentSettings):
    """Give each domain batch normalisations of its own; all other weights are shared.

    What the target says of itself teaches the target's: each row a class, and not all the same one. `weight`
    and `steepness` are those of that loss; with a weight of 0 nothing is separate.

    Attributes:
        balance: how much the entropy of the mean answer to the target's rows is raised, >= 0.
    """

    about = About(
        "domain-norm",
        "mapping",
        "inputs",
        Domains,
        "arXiv:1906.03950",
        per_sample_loss=False,
        needs_batch_norm=True,
        label_kinds=("classes",),
        display_name="Domain-specific batch normalisation",
    )
    weight: float = 0.1
    norm: Literal["frozen", "train"] = "train"
    balance: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check(
            "norm", self.norm == "train", "'train', as frozen statistics are the same for both domains"
        )
        self.check("balance", 0 <= self.balance < float("inf"), ">= 0")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The backbone, with two batch normalisations in the place of each, and a linear head.

        Raises:
            BadInput: the backbone has none.
        """
        parts = tuned_parts(self, backbone, task)
        if self.weight and not separate(parts["backbone"]):
            raise BadInput(
                "domain-norm: the backbone has no batch normalisation that each domain could have one of. "
                "Take a network with batch normalisations, or another method, such as mcc."
            )
        return parts

    def moves(self) -> tuple[Descend[Domains]]:
        """One descent on both."""
        return (Descend(self.loss, on=tuned_on(self)),)

    def loss(self, parts: Parts, batch: Domains, ctx: Ctx) -> Loss:
        """The label loss, and minus the mutual information of target rows and their predictions.

        Raises:
            BadData: a domain has fewer than two rows in the batch.
        """
        if not self.weight:
            return source_loss(parts, batch, ctx, self.smoothing)
        labelled = batch.target_labelled
        source, target = len(batch.source), len(batch.target) + (0 if labelled is None else len(labelled))
        if min(source, target) < 2:
            raise BadData(
                f"domain-norm: {source} rows of the source and {target} of the target in one step; "
                "statistics need 2 of each. Take larger batches, or more data."
            )
        with domains(parts["backbone"], source, source + target):
            outputs, labels = forward_domains(parts, batch, ctx, self.smoothing)
        information = information_maximisation_loss(outputs.target_logits, self.balance)
        return Loss.sum(**labels, target=self.strength(ctx) * information)

    def predictor(self, parts: Parts) -> Model:
        """A network of the ordinary kind, with the target's normalisations."""
        model = Model.of(parts)
        backbone = of_target(model.backbone) if self.weight else model.backbone
        assert isinstance(backbone, Backbone)
        return Model(backbone, model.head)
