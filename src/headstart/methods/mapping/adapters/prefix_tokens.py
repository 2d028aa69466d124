from dataclasses import dataclass
from typing import Literal, final

from headstart.core import About, Backbone, Ctx, Descend, Labelled, Loss, Model, Parts, Task
from headstart.methods.adapting import adapters_on, kept_backbone, kept_parts
from headstart.methods.tuning import TuningSettings, tuning_loss
from headstart.nn import adapters


@final
@dataclass(frozen=True, kw_only=True)
class PrefixTokens(TuningSettings[Labelled]):
    """Train keys and values in front of those of each attention, and the head.

    Attributes:
        count: tokens a layer, >= 0; 0: the head alone learns.
        gate: whether the attention to them is added times a gate that is 0 at the start.
        initial: "tokens" starts with keys and values of tokens of the example, "random" with random numbers.
        at: patterns for the paths of the layers, with "|" between; "": all.
        backbone_lr: factor on the learning rate for keys, values and gates, > 0.
    """

    about = About("prefix-tokens", "start", "mapping", Labelled, "arXiv:2101.00190", needs_transformer=True)
    count: int = 8
    gate: bool = False
    initial: Literal["random", "tokens"] = "tokens"
    at: str = ""
    backbone_lr: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("count", self.count >= 0, ">= 0")
        self.check("initial", self.initial in ("random", "tokens"), "'random' or 'tokens'")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The backbone with the prefix in its attentions, and a linear head."""
        kind = adapters.PrefixTokens(
            count=max(self.count, 1), gate=self.gate, initial=self.initial, at=self.at
        )
        return kept_parts(self, kind if self.count else None, backbone, task)

    def shipped_backbone(self, backbone: Backbone) -> Backbone:
        """A copy of the backbone, with what is added to it."""
        return kept_backbone(self, backbone)

    def moves(self) -> tuple[Descend[Labelled]]:
        """One descent on the head and the prefix."""
        return (Descend(self.loss, on=adapters_on(self)),)

    def loss(self, parts: Parts, batch: Labelled, ctx: Ctx) -> Loss:
        """The label loss."""
        return tuning_loss(parts, batch, self.smoothing)

    def predictor(self, parts: Parts) -> Model:
        """Backbone, with the prefix in it, and head."""
        return Model.of(parts)
