"""What methods share that train tokens beside those of a transformer: in its layers or in its attentions."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Literal

from headstart.core import Backbone, Ctx, Descend, Labelled, Loss, Model, Parts, Task
from headstart.methods.adapting import adapters_on, kept_backbone, kept_parts
from headstart.methods.tuning import TuningSettings, tuning_loss
from headstart.nn.adapters import AdapterKind


@dataclass(frozen=True, kw_only=True)
class AddedTokens(TuningSettings[Labelled]):
    """Settings of methods that train added tokens and the head.

    Attributes:
        count: tokens a layer, >= 0; 0: the head alone learns.
        initial: "tokens" starts with what the layer reads of the example, "random" with random numbers.
        at: patterns for the paths of the layers, with "|" between; "": all.
        backbone_lr: factor on the learning rate for what is added, > 0.
    """

    count: int = 8
    initial: Literal["random", "tokens"] = "tokens"
    at: str = ""
    backbone_lr: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("count", self.count >= 0, ">= 0")
        self.check("initial", self.initial in ("random", "tokens"), "'random' or 'tokens'")

    @abstractmethod
    def kind(self) -> AdapterKind:
        """The adapters that hold the tokens; `count` is 1 or more."""

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The backbone with the tokens in it, and a linear head."""
        return kept_parts(self, self.kind() if self.count else None, backbone, task)

    def shipped_backbone(self, backbone: Backbone) -> Backbone:
        """A copy of the backbone, with what is added to it."""
        return kept_backbone(self, backbone)

    def moves(self) -> tuple[Descend[Labelled]]:
        """One descent on the head and the tokens."""
        return (Descend(self.loss, on=adapters_on(self)),)

    def loss(self, parts: Parts, batch: Labelled, ctx: Ctx) -> Loss:
        """The label loss."""
        return tuning_loss(parts, batch, self.smoothing)

    def predictor(self, parts: Parts) -> Model:
        """Backbone, with the tokens in it, and head."""
        return Model.of(parts)
