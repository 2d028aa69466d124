import copy
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Literal, final

import torch
from torch import Tensor, nn

from headstart.core import About, Backbone, Ctx, Labelled, Loss, Parts, Task
from headstart.losses.anchor import relative_distance
from headstart.losses.label import label_loss
from headstart.methods.mapping._tuning import Tuning


@final
@dataclass(frozen=True, kw_only=True)
class Delta(Tuning):
    """Fine-tune so that the features of your samples stay near those that the start gives them.

    It holds what the model does, where L2-SP holds its weights. DELTA's weights for channels, which
    need a training for each, are all 1.

    Attributes:
        alpha: strength of the pull of the features to those of the start, >= 0.
        at: "blocks" compares what every block gives, "features" only the last.
    """

    about = About("delta", "start", "mapping", Labelled, "arXiv:1901.09229", display_name="DELTA")
    alpha: float = 0.1
    at: Literal["blocks", "features"] = "blocks"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("alpha", self.alpha >= 0, ">= 0")
        self.check("at", self.at in ("blocks", "features"), "'blocks' or 'features'")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The start, which stays, beside what learns."""
        start = copy.deepcopy(backbone)
        return Parts({**super().parts(backbone, task), "start": start})

    def loss(self, parts: Parts, batch: Labelled, ctx: Ctx) -> Loss:
        """Cross-entropy + alpha * the mean over blocks of the relative squared distance to the start's."""
        if not self.alpha:
            return super().loss(parts, batch, ctx)
        with torch.no_grad():
            _, start = self._run(parts["start"], batch.x)
        features, now = self._run(parts["backbone"], batch.x)
        label = label_loss(parts["head"](features), batch.y, self.smoothing, batch.weight)
        apart = torch.stack([relative_distance(*pair) for pair in zip(now, start, strict=True)]).mean()
        return Loss.sum(label=label, start=self.alpha * apart)

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
