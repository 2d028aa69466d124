from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, final

from torch import Tensor

from headstart.core import About, Backbone, BadData, BadInput, Ctx, Domains, Model, Parts, Task
from headstart.losses.alignment.information_maximisation import information_maximisation_loss
from headstart.nn.domain_norm import domains, of_target, separate

from ._aligning import Aligning, Seen


@final
@dataclass(frozen=True, kw_only=True)
class DomainNorm(Aligning):
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
        """As for all tuning, with two batch normalisations in the place of each.

        Raises:
            BadInput: the backbone has none.
        """
        parts = super().parts(backbone, task)
        if self.weight and not separate(parts["backbone"]):
            raise BadInput(
                "domain-norm: the backbone has no batch normalisation that each domain could have one of. "
                "Take a network with batch normalisations, or another method, such as mcc."
            )
        return parts

    def see(self, parts: Parts, batch: Domains, ctx: Ctx) -> tuple[Seen, dict[str, Tensor]]:
        """One forward, in which each domain has its own normalisation."""
        source, target_labelled = (
            len(batch.source),
            0 if batch.target_labelled is None else len(batch.target_labelled),
        )
        theirs = len(batch.target) + target_labelled
        if min(source, theirs) < 2:
            raise BadData(
                f"domain-norm: {source} rows of the source and {theirs} of the target in one step; "
                "statistics need 2 of each. Take larger batches, or more data."
            )
        with domains(parts["backbone"], source, source + theirs):
            return super().see(parts, batch, ctx)

    def align(self, parts: Parts, seen: Seen, ctx: Ctx) -> Mapping[str, Tensor]:
        """Minus the information between the target's rows and their answers."""
        loss = information_maximisation_loss(seen.target_logits, self.balance)
        return {"target": self.strength(ctx) * loss}

    def predictor(self, parts: Parts) -> Model:
        """A network of the ordinary kind, with the target's normalisations."""
        model = super().predictor(parts)
        backbone = of_target(model.backbone) if self.weight else model.backbone
        assert isinstance(backbone, Backbone)
        return Model(backbone, model.head)
