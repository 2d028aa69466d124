"""What methods share that compare embeddings of two views of each row."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from headstart.core import B, Ctx, Embedded, Parts, Seeded, SeededLabelled
from headstart.methods.mapping.pretraining._self_supervised import SelfSupervised
from headstart.methods.mapping.pretraining._views import ViewSettings, two_views


@dataclass(frozen=True, kw_only=True)
class ProjectedSettings(ViewSettings[B]):
    """Settings of the projection that embeddings are compared in.

    Attributes:
        hidden: width of the projection's hidden layers, >= 1.
        out: width of the embeddings that are compared, >= 1.
    """

    hidden: int = 256
    out: int = 128

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("hidden", self.hidden >= 1, ">= 1")
        self.check("out", self.out >= 1, ">= 1")


def embed_views(parts: Parts, batch: Seeded | SeededLabelled, ctx: Ctx) -> tuple[Tensor, ...]:
    """Features (n, width) of two views of each row, in one forward."""
    assert batch.seed is not None
    a, b = parts["backbone"](torch.cat(two_views(parts, batch.x, batch.seed))).chunk(2)
    return a, b


def of_all_processes(settings: SelfSupervised[Any], found: Embedded, ctx: Ctx) -> list[Tensor]:
    """What was embedded of the rows of all processes.

    Raises:
        BadInput: there is one row, which has nothing to be compared with.
    """
    together = [ctx.gather(z) for z in found.z]
    settings.require_batch(len(together[0]))
    return together
