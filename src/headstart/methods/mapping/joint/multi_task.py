from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import final

import torch
from torch import Tensor, nn

from headstart.core import (
    About,
    Backbone,
    BadInput,
    Ctx,
    Descend,
    Labelled,
    Loss,
    Model,
    Parts,
    Task,
    TwoTasks,
)
from headstart.core.linear_head import LinearHead
from headstart.losses.label import label_loss
from headstart.methods.tuning import TuningSettings, tuned_on, tuned_parts, tuning_loss


@final
@dataclass(frozen=True, kw_only=True)
class MultiTask(TuningSettings[TwoTasks]):
    """Train one backbone on your labels and on those of the source at once, with a head for each.

    Attributes:
        weight: of the source's loss, >= 0; the target's has 1.
    """

    about = About(
        "multi-task",
        "start",
        "mapping",
        TwoTasks,
        "doi:10.1023/A:1007379606734",
        display_name="Multi-task learning",
    )
    weight: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("weight", 0 <= self.weight < float("inf"), ">= 0")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """As for all tuning, and a new linear head for the source."""
        if task.source is None:
            raise BadInput("multi-task: there is no source task beside the target. Give a source.")
        other = task.source
        parts = tuned_parts(self, backbone, task)
        return Parts({**parts, "source head": LinearHead(backbone.width, other.outputs, self.head_std)})

    def moves(self) -> tuple[Descend[TwoTasks]]:
        """One descent on the backbone and both heads."""
        head, backbone = tuned_on(self)
        return (Descend(self.loss, on=(head, backbone, replace(head, part="source head"))),)

    def loss(self, parts: Parts, batch: TwoTasks, ctx: Ctx) -> Loss:
        """The target's loss + weight * the source's."""
        terms = dict(tuning_loss(parts, batch.target, self.smoothing).terms)
        if self.weight:
            terms["source"] = self.weight * batch.scale * self.source_loss(parts, batch.source)
        return Loss.sum(**terms)

    def predictor(self, parts: Parts) -> Model:
        """Backbone and head."""
        return Model.of(parts)

    def source_loss(self, parts: Parts, source: Labelled) -> Tensor:
        """The mean loss () on the source's rows; 0 if a part of a batch has none of them."""
        if not len(source):
            return source.x.new_zeros((), dtype=torch.float32)
        with _own_statistics(parts["backbone"]):
            outputs = parts["source head"](parts["backbone"](source.x))
        return label_loss(outputs, source.y, self.smoothing, source.weight)


@contextmanager
def _own_statistics(backbone: nn.Module) -> Iterator[None]:
    """Batch normalisations that learn use statistics of the batch; their running ones stay the target's."""
    norms = [m for m in backbone.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    norms = [norm for norm in norms if norm.training and norm.track_running_stats]
    try:
        for norm in norms:
            norm.track_running_stats = False
        yield
    finally:
        for norm in norms:
            norm.track_running_stats = True
