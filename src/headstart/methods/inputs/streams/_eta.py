"""ETA: learn from rows that are sure and new, each weighted by how sure it is."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity

from headstart.core import Backbone, Ctx, Do, Loss, Parts, Task, Unlabelled
from headstart.losses.alignment.entropy import entropies
from headstart.nn.recent import Recent

from ._filtering import Filtering, idle, mean_of

RATE = 0.1  # of the running mean of probabilities, as published


@dataclass(frozen=True, kw_only=True)
class ETA(Filtering):
    """Learns from rows that are sure, and unlike what was learned from lately.

    Attributes:
        d_margin: rows learn whose probabilities have a cosine with the running mean of those
            learned from below it, in (0, 1]; 1: all.
        reweigh: whether a row of entropy H counts exp(e0 ln(classes) - H) times, or once.
    """

    d_margin: float = 0.4
    reweigh: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("d_margin", 0 < self.d_margin <= 1, "in (0, 1]")
        self.check("reweigh", not self.reweigh or self.e0 < float("inf"), "False where e0 is infinite")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """And the running mean of probabilities."""
        return Parts({**super().parts(backbone, task), "lately": Recent(task.outputs)})

    def moves(self) -> tuple[Any, ...]:
        """One descent; then what was learned from is remembered."""
        return (*super().moves(), Do(self.remember, changes=("lately",)))

    def remember(self, parts: Parts, batch: Unlabelled, ctx: Ctx) -> None:
        """Let what the descent noted count."""
        self.lately(parts).settle(RATE)

    def loss(self, parts: Parts, batch: Unlabelled, ctx: Ctx) -> Loss:
        """The weighted mean entropy of the rows that are sure and new."""
        logits = self.answer(parts, batch.x)
        unsure, p = entropies(logits), logits.detach().float().softmax(1)
        kept = self.kept(unsure.detach(), p, parts)
        weight = torch.exp(self.margin(p.shape[1]) - unsure.detach()) if self.reweigh else 1.0
        mean = mean_of(weight * unsure, kept, ctx)
        self.lately(parts).note(None if mean is None else ctx.gather(p)[ctx.gather(kept.float()) > 0].mean(0))
        if mean is None:
            return idle(logits, entropy=torch.zeros_like(unsure[0]))
        return Loss.sum(logits, entropy=mean)

    def kept(self, unsure: Tensor, p: Tensor, parts: Parts) -> Tensor:
        """Which rows (n,) to learn from, by their entropy (n,) and probabilities (n, classes)."""
        kept = unsure < self.margin(p.shape[1])
        lately = self.lately(parts)
        if self.d_margin < 1 and lately.seen:
            kept &= cosine_similarity(p, lately.mean[None], dim=1) < self.d_margin
        return kept
