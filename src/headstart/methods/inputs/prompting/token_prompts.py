from dataclasses import dataclass
from typing import Literal, final

from headstart.core import About, Backbone, Ctx, Descend, Labelled, Loss, Model, Parts, Task
from headstart.methods.adapting import adapters_on, kept_backbone, kept_parts
from headstart.methods.tuning import TuningSettings, tuning_loss
from headstart.nn import adapters


@final
@dataclass(frozen=True, kw_only=True)
class TokenPrompts(TuningSettings[Labelled]):
    """Train tokens in front of those that a transformer reads, and the head; the mapping stays.

    Attributes:
        count: tokens, >= 0; 0: the head alone learns.
        deep: whether each layer has tokens of its own, or the first layer has them.
        initial: "tokens" starts with tokens that the layer reads of the example, "random" with any.
        at: patterns for the paths of the layers, with "|" between; "": all.
        backbone_lr: factor on the learning rate for the prompts, > 0.
    """

    about = About("token-prompts", "mapping", "inputs", Labelled, "arXiv:2203.12119", needs_transformer=True)
    count: int = 8
    deep: bool = True
    initial: Literal["random", "tokens"] = "tokens"
    at: str = ""
    backbone_lr: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("count", self.count >= 0, ">= 0")
        self.check("initial", self.initial in ("random", "tokens"), "'random' or 'tokens'")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The backbone with prompts in it, and a linear head."""
        kind = adapters.TokenPrompts(
            count=max(self.count, 1), deep=self.deep, initial=self.initial, at=self.at
        )
        return kept_parts(self, kind if self.count else None, backbone, task)

    def shipped_backbone(self, backbone: Backbone) -> Backbone:
        """A copy of the backbone, with what is added to it."""
        return kept_backbone(self, backbone)

    def moves(self) -> tuple[Descend[Labelled]]:
        """One descent on the head and the prompts."""
        return (Descend(self.loss, on=adapters_on(self)),)

    def loss(self, parts: Parts, batch: Labelled, ctx: Ctx) -> Loss:
        """The label loss."""
        return tuning_loss(parts, batch, self.smoothing)

    def predictor(self, parts: Parts) -> Model:
        """Backbone, with the prompts in it, and head."""
        return Model.of(parts)
