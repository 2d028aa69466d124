from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any, final

import torch
from torch import Tensor, nn

from headstart.core import (
    About,
    Backbone,
    BadInput,
    Ctx,
    Descend,
    JointTasks,
    Labelled,
    Loss,
    Model,
    Parts,
    Task,
)
from headstart.core.linear_head import LinearHead
from headstart.losses.label import label_loss
from headstart.methods.tuning import TuningSettings, tuned_on, tuned_parts, tuning_loss


@final
@dataclass(frozen=True, kw_only=True)
class MultiTask(TuningSettings[JointTasks]):
    """Train one backbone on your labels and on those of the sources at once, with a head for each.

    Attributes:
        weight: of the loss of each source, >= 0; the target's has 1. Several, such as (1.0, 0.5), are those
            of the sources in their order.
    """

    about = About(
        "multi-task",
        "start",
        "mapping",
        JointTasks,
        "doi:10.1023/A:1007379606734",
        display_name="Multi-task learning",
    )
    weight: float | tuple[float, ...] = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        several = self.weight if isinstance(self.weight, tuple) else (self.weight,)
        numbers = bool(several) and all(map(_is_weight, several))
        self.check("weight", numbers, ">= 0, or several such numbers, one for each source")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """As for all tuning, and a new linear head for each source.

        Raises:
            BadInput: there is no source, or there are several weights and another number of sources.
        """
        if not task.sources:
            raise BadInput("multi-task: there is no source task beside the target. Give a source.")
        if isinstance(self.weight, tuple) and len(self.weight) != len(task.sources):
            raise BadInput(
                f"multi-task: weight has {len(self.weight)} numbers, and there are {len(task.sources)} "
                "sources. Give one for each, or one number for all."
            )
        parts = tuned_parts(self, backbone, task)
        heads = [LinearHead(backbone.width, source.outputs, self.head_std) for source in task.sources]
        return Parts({**parts, "source heads": nn.ModuleList(heads)})

    def moves(self) -> tuple[Descend[JointTasks]]:
        """One descent on the backbone and all heads."""
        head, backbone = tuned_on(self)
        return (Descend(self.loss, on=(head, backbone, replace(head, part="source heads"))),)

    def loss(self, parts: Parts, batch: JointTasks, ctx: Ctx) -> Loss:
        """The target's loss + the sum over the sources of weight * loss."""
        terms = dict(tuning_loss(parts, batch.target, self.smoothing).terms)
        weights = self.weight if isinstance(self.weight, tuple) else (self.weight,) * len(batch.sources)
        heads = list(parts["source heads"].children())
        each = zip(weights, batch.scales, heads, batch.sources, strict=True)
        for number, (weight, scale, head, source) in enumerate(each, 1):
            if weight:
                loss = self.source_loss(parts["backbone"], head, source)
                terms[f"source {number}" if number > 1 else "source"] = weight * scale * loss
        return Loss.sum(**terms)

    def predictor(self, parts: Parts) -> Model:
        """Backbone and head."""
        return Model.of(parts)

    def source_loss(self, backbone: nn.Module, head: nn.Module, source: Labelled) -> Tensor:
        """The mean loss () on the rows of a source; 0 if a part of a batch has none of them."""
        if not len(source):
            return source.x.new_zeros((), dtype=torch.float32)
        with _own_statistics(backbone):
            outputs = head(backbone(source.x))
        return label_loss(outputs, source.y, self.smoothing, source.weight)


def _is_weight(value: Any) -> bool:
    return isinstance(value, Real) and 0 <= float(value) < float("inf")


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
