from dataclasses import dataclass, replace
from typing import Any, final

from headstart.core import About, Backbone, BadInput, Descend, Labelled, Parts, Task
from headstart.core.moves import everything
from headstart.methods.mapping._tuning import Tuning


@final
@dataclass(frozen=True, kw_only=True)
class Reinit(Tuning):
    """Fine-tune with the last blocks begun anew: they know the old task too well.

    What is new learns at the head's rate, its batch normalisations too.

    Attributes:
        blocks: how many of the backbone's last blocks get random weights, >= 0.
    """

    about = About(
        "reinit", "start", "mapping", Labelled, "arXiv:2006.05987", display_name="Re-initialised last blocks"
    )
    blocks: int = 1

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
            for name in backbone.blocks[-self.blocks :]:
                backbone.get_submodule(name).load_state_dict(twin.get_submodule(name).state_dict())
        return super().parts(backbone, task)

    def moves(self) -> tuple[Any, ...]:
        """One descent on the head, what is new and what is not."""
        old = self.on_backbone()
        new = replace(old, blocks=slice(-self.blocks, None), lr=1.0, decay=1.0, keep=everything)
        return (Descend(self.loss, on=(self.on_head(), *([new] if self.blocks else []), old)),)
