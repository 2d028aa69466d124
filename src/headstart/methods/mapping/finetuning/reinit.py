from dataclasses import dataclass, replace
from typing import final

from headstart.core import About, Backbone, BadInput, Ctx, Descend, Labelled, Loss, Model, Parts, Task
from headstart.core.moves import everything, members_of
from headstart.methods.tuning import TuningSettings, tuned_on, tuned_parts, tuning_loss


@final
@dataclass(frozen=True, kw_only=True)
class Reinit(TuningSettings[Labelled]):
    """Fine-tune with the last blocks re-initialised, as they are specialised to the old task.

    The re-initialised blocks learn at the head's rate, their batch normalisations too.

    Attributes:
        blocks: how many of the backbone's last blocks get random weights, >= 0.
        head_std: as for fine-tuning, but 0.02 unless another is asked for, as in the paper.
    """

    about = About(
        "reinit", "start", "mapping", Labelled, "arXiv:2006.05987", display_name="Re-initialised last blocks"
    )
    blocks: int = 1
    head_std: float = 0.02

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("blocks", self.blocks >= 0, ">= 0")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The backbone with its last blocks as those of an untrained twin."""
        if self.blocks > len(backbone.blocks):
            raise BadInput(
                f"reinit: blocks is {self.blocks}, and the backbone has {len(backbone.blocks)}; "
                f"to begin all of it anew take from-scratch."
            )
        if self.blocks:
            twin = backbone.untrained(task.seed)
            for name in members_of(backbone, slice(-self.blocks, None)):
                backbone.get_submodule(name).load_state_dict(twin.get_submodule(name).state_dict())
            task = replace(task, head=None)  # a trained one knows other features
        return tuned_parts(self, backbone, task)

    def moves(self) -> tuple[Descend[Labelled]]:
        """One descent on the head, the re-initialised blocks and the others."""
        head, old = tuned_on(self)
        new = replace(old, blocks=slice(-self.blocks, None), lr=1.0, decay=1.0, keep=everything)
        return (Descend(self.loss, on=(head, *([new] if self.blocks else []), old)),)

    def loss(self, parts: Parts, batch: Labelled, ctx: Ctx) -> Loss:
        """The label loss."""
        return tuning_loss(parts, batch, self.smoothing)

    def predictor(self, parts: Parts) -> Model:
        """Backbone and head."""
        return Model.of(parts)
