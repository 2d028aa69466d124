from dataclasses import dataclass
from typing import final

from headstart.core import About, Ctx, Loss, Parts, Unlabelled
from headstart.losses.alignment.entropy import entropies

from ._streaming import Sharpening


@final
@dataclass(frozen=True, kw_only=True)
class Tent(Sharpening):
    """After each batch, make its answers surer by the scales and shifts of the normalisations."""

    about = About(
        "tent",
        "mapping",
        "inputs",
        Unlabelled,
        "arXiv:2006.10726",
        batch_statistics=True,
        label_kinds=("classes",),
        display_name="TENT: entropy minimisation",
    )

    def loss(self, parts: Parts, batch: Unlabelled, ctx: Ctx) -> Loss:
        """The mean entropy."""
        logits = self.answer(parts, batch.x)
        return Loss.sum(logits, entropy=entropies(logits).mean())
