import copy
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Literal, final

import torch
from torch import Tensor, nn

from headstart.core import About, Backbone, Ctx, Descend, Labelled, Loss, Model, Parts, Task
from headstart.losses.anchor import relative_distance
from headstart.losses.label import label_loss
from headstart.methods.tuning import TuningSettings, tuned_on, tuned_parts, tuning_loss


@final
@dataclass(frozen=True, kw_only=True)
class Delta(TuningSettings[Labelled]):
    """Fine-tune with a penalty on the distance of activations to those of the pre-trained model.

    It regularises activations, where L2-SP regularises weights. DELTA's channel weights, which need a
    training each, are all 1.

    Attributes:
        alpha: weight of the penalty, >= 0.
        at: "blocks" compares the outputs of all blocks, "features" only those of the backbone.
    """

    about = About("delta", "start", "mapping", Labelled, "arXiv:1901.09229", display_name="DELTA")
    alpha: float = 0.1
    at: Literal["blocks", "features"] = "blocks"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("alpha", self.alpha >= 0, ">= 0")
        self.check("at", self.at in ("blocks", "features"), "'blocks' or 'features'")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The backbone and a linear head, and a frozen copy of the start."""
        start = copy.deepcopy(backbone)
        return Parts({**tuned_parts(self, backbone, task), "start": start})

    def moves(self) -> tuple[Descend[Labelled]]:
        """One descent on backbone and head."""
        return (Descend(self.loss, on=tuned_on(self)),)

    def loss(self, parts: Parts, batch: Labelled, ctx: Ctx) -> Loss:
        """Label loss + alpha * the mean over blocks of the relative squared distances to the start."""
        if not self.alpha:
            return tuning_loss(parts, batch, self.smoothing)
        with torch.no_grad():
            _, start = self._run(parts["start"], batch.x)
        features, now = self._run(parts["backbone"], batch.x)
        label = label_loss(parts["head"](features), batch.y, self.smoothing, batch.weight)
        apart = torch.stack([relative_distance(*pair) for pair in zip(now, start, strict=True)]).mean()
        return Loss.sum(label=label, start=self.alpha * apart)

    def predictor(self, parts: Parts) -> Model:
        """Backbone and head."""
        return Model.of(parts)

    def _run(self, backbone: nn.Module, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Features, and the outputs that are compared."""
        blocks = getattr(backbone, "blocks", ()) if self.at == "blocks" else ()
        with _outputs(backbone, blocks) as found:
            features: Tensor = backbone(x)
        return features, found or [features]


@contextmanager
def _outputs(model: nn.Module, names: tuple[str, ...]) -> Iterator[list[Tensor]]:
    """What the named modules of a model give inside, in the order they run; the first tensor of several."""
    found: list[Tensor] = []

    def see(_module: nn.Module, _args: Any, output: Any) -> None:
        found.append(output if isinstance(output, Tensor) else output[0])

    with ExitStack() as stack:
        for name in names:
            stack.callback(model.get_submodule(name).register_forward_hook(see).remove)
        yield found
