"""Training a network whose first blocks are those of a trained one: what experiments on depth compare."""

from dataclasses import dataclass, replace
from typing import Any, Literal, final

from headstart.core import About, Backbone, BadInput, Ctx, Descend, Labelled, Loss, Method, Model, Parts, Task
from headstart.core.moves import members_of
from headstart.methods.tuning import TuningSettings, tuned_on, tuned_parts, tuning_loss


@final
@dataclass(frozen=True, kw_only=True)
class Transplant(TuningSettings[Labelled]):
    """Keep the first blocks of a trained network, begin those above anew, and train.

    All that learns has the full learning rate and trains its batch normalisations, as from scratch:
    with all blocks begun anew and none frozen, it is from scratch.

    Attributes:
        new: how many of the last blocks get random weights, >= 0; all of them: the whole network does.
        frozen: whether the blocks that are kept stay as they are.
    """

    about = About("transplant", "start", "mapping", Labelled, "arXiv:1411.1792")
    backbone_lr: float = 1.0
    norm: Literal["frozen", "train"] = "train"
    new: int = 1
    frozen: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("new", self.new >= 0, ">= 0")
        self.check("last", self.last is None, "None: `new` says which blocks learn if the rest is frozen")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The backbone with its last blocks as those of an untrained twin, and a new head."""
        blocks = backbone.blocks
        if self.new > len(blocks):
            raise BadInput(f"transplant: new is {self.new}, and the backbone has {len(blocks)} blocks.")
        twin = backbone.untrained(task.seed)
        if self.new == len(blocks):  # what is in no block is new as well
            return tuned_parts(self, twin, task)
        for name in members_of(backbone, slice(len(blocks) - self.new, None)):
            backbone.get_submodule(name).load_state_dict(twin.get_submodule(name).state_dict())
        return tuned_parts(self, backbone, task)

    def moves(self) -> tuple[Descend[Labelled]]:
        """One descent on the head and all of the backbone that is not frozen."""
        head, backbone = tuned_on(self)
        if not self.frozen:
            return (Descend(self.loss, on=(head, backbone)),)
        new = (replace(backbone, blocks=slice(-self.new, None)),) if self.new else ()
        return (Descend(self.loss, on=(head, *new)),)

    def loss(self, parts: Parts, batch: Labelled, ctx: Ctx) -> Loss:
        """The label loss."""
        return tuning_loss(parts, batch, self.smoothing)

    def predictor(self, parts: Parts) -> Model:
        """Backbone and head."""
        return Model.of(parts)


def transplant(blocks: int, cut: int, frozen: bool) -> Method[Any]:
    """What trains a network of which the first `cut` blocks are kept; at 0 it is training from scratch."""
    return Transplant(new=blocks - cut, frozen=frozen and cut > 0)
