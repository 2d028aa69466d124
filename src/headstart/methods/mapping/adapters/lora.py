from dataclasses import dataclass
from typing import Literal, final

from headstart.core import About, Backbone, Ctx, Descend, Labelled, Loss, Model, Parts, Task
from headstart.methods.adapting import adapted_parts, adapters_on, folded_model
from headstart.methods.tuning import TuningSettings, tuning_loss
from headstart.nn import adapters


@final
@dataclass(frozen=True, kw_only=True)
class LoRA(TuningSettings[Labelled]):
    """Add a product of two small matrices to each weight; only they learn, and the head.

    Attributes:
        rank: of the products, >= 1.
        alpha: the products are scaled by alpha / rank, > 0; None: twice the rank.
        scaling: "standard"; "rank-stabilised" divides alpha by the root of the rank.
        magnitude: whether the norms of the weights learn apart from their directions (DoRA).
        space: "weight" adds the product to the weight, "activation" what it makes of the input to the output
            of linear layers; "auto" does that where the layer is called.
        at: patterns for the paths of layers in the backbone, with "|" between; "": all matrices of a
            transformer, else all filters and matrices, that the products are smaller than.
        backbone_lr: factor on the learning rate for the adapters, > 0.
    """

    about = About("lora", "start", "mapping", Labelled, "arXiv:2106.09685", display_name="LoRA")
    rank: int = 8
    alpha: float | None = None
    scaling: Literal["standard", "rank-stabilised"] = "standard"
    magnitude: bool = False
    space: Literal["auto", "weight", "activation"] = "auto"
    at: str = ""
    backbone_lr: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("rank", self.rank >= 1, ">= 1")
        self.check("alpha", self.alpha is None or self.alpha > 0, "> 0, or None for twice the rank")
        self.check(
            "scaling", self.scaling in ("standard", "rank-stabilised"), "'standard' or 'rank-stabilised'"
        )
        self.check(
            "space", self.space in ("auto", "weight", "activation"), "'auto', 'weight' or 'activation'"
        )

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The backbone with LoRA at its weights, and a linear head."""
        kind = adapters.LoRA(
            rank=self.rank,
            alpha=self.alpha,
            scaling=self.scaling,
            magnitude=self.magnitude,
            space=self.space,
            at=self.at,
        )
        return adapted_parts(self, kind, backbone, task)

    def moves(self) -> tuple[Descend[Labelled]]:
        """One descent on the head and the adapters."""
        return (Descend(self.loss, on=adapters_on(self)),)

    def loss(self, parts: Parts, batch: Labelled, ctx: Ctx) -> Loss:
        """The label loss."""
        return tuning_loss(parts, batch, self.smoothing)

    def predictor(self, parts: Parts) -> Model:
        """Backbone, with the products added to its weights, and head."""
        return folded_model(parts)
