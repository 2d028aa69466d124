from dataclasses import dataclass
from typing import Literal, final

from torch import nn

from headstart.core import About, Backbone, Ctx, Descend, Labelled, Loss, Model, Parts, Task
from headstart.methods.adapting import adapters_on, kept_backbone, kept_parts
from headstart.methods.tuning import TuningSettings, selected_on, tuning_loss
from headstart.nn.adapters import Bottlenecks, is_of_adapter
from headstart.nn.norms import is_norm


@final
@dataclass(frozen=True, kw_only=True)
class BottleneckAdapters(TuningSettings[Labelled]):
    """Train two small bottleneck adapters in each layer of a transformer, the layer norms and the head.

    Attributes:
        size: numbers in the middle of each adapter, >= 1.
        activation: the non-linearity: "gelu", "relu", "silu" or "tanh".
        norms: whether the scales and shifts of normalisations learn too.
        at: patterns for the paths of linear layers that get an adapter each, with "|" between; "": the
            outputs of attention and feed-forward nets, or, where there is no transformer, of each linear
            layer.
        backbone_lr: factor on the learning rate for adapters and norms, > 0.
    """

    about = About("bottleneck-adapters", "start", "mapping", Labelled, "arXiv:1902.00751")
    size: int = 16
    activation: Literal["gelu", "relu", "silu", "tanh"] = "gelu"
    norms: bool = True
    at: str = ""
    backbone_lr: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("size", self.size >= 1, ">= 1")
        allowed = ("gelu", "relu", "silu", "tanh")
        self.check("activation", self.activation in allowed, "'gelu', 'relu', 'silu' or 'tanh'")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The backbone, which must have linear layers, with adapters, and a linear head."""
        kind = Bottlenecks(size=self.size, activation=self.activation, at=self.at)
        return kept_parts(self, kind, backbone, task)

    def shipped_backbone(self, backbone: Backbone) -> Backbone:
        """A copy of the backbone, with what is added to it."""
        return kept_backbone(self, backbone)

    def moves(self) -> tuple[Descend[Labelled]]:
        """One descent on the head, the adapters and the norms."""
        return (
            Descend(self.loss, on=selected_on(self, of_adapter_or_norm) if self.norms else adapters_on(self)),
        )

    def loss(self, parts: Parts, batch: Labelled, ctx: Ctx) -> Loss:
        """The label loss."""
        return tuning_loss(parts, batch, self.smoothing)

    def predictor(self, parts: Parts) -> Model:
        """Backbone, with the adapters in it, and head."""
        return Model.of(parts)


def of_adapter_or_norm(name: str, module: nn.Module) -> bool:
    """Whether the module that owns a parameter is an adapter or a normalisation."""
    return is_of_adapter(name, module) or is_norm(module)
