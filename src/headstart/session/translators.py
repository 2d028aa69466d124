"""Translators between two domains, trained from one start, and what they do to samples."""

import copy
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from headstart.core import Domains, Labelled, Method, Model, Task
from headstart.data.order import order
from headstart.nn.translation import Translation
from headstart.run.engine import Engine
from headstart.run.loop import start, train
from headstart.run.recipe import Recipe

Way = Callable[[Tensor], Tensor]  # samples as the backbone takes them
MOST_LOSS = 0.4  # against the critics; 0.25: they are fooled, 1: they classify all rows correctly
MOST_LOG_LOSS = 1.0  # the same of the log loss, where 0.69 is fooled: the critics give 0.37 to "real"


@dataclass(frozen=True)
class TrainedTranslators:
    """Both directions, and how their training went.

    Attributes:
        fronts: by "to_target" and "to_source".
        cycle: error of the round trip at each step, mean of both domains; empty without a cycle loss.
        critics: the translators' loss against the critics at each step, likewise.
    """

    fronts: dict[str, Translation]
    cycle: list[float]
    critics: list[float]

    @property
    def adversarial_loss(self) -> float:
        """Against the critics, mean over the last tenth of the steps: the less, the more they are fooled."""
        last = self.critics[-max(1, len(self.critics) // 10) :]
        return sum(last) / len(last)


def most_loss(adversary: str) -> float:
    """The largest adversarial loss of translators at the end that counts as fooling the critics."""
    return MOST_LOSS if adversary == "least-squares" else MOST_LOG_LOSS


def train_translators(
    method: Method[Any],
    model: Model,
    rows: Labelled,
    target: Tensor,
    recipe: Recipe,
    task: Task | None = None,
    engine: Engine | None = None,
) -> TrainedTranslators:
    """Train translators from one start.

    Args:
        method: such as "cyclegan"; its first stage, which trains the model, is left out.
        model: that knows the source; it is not changed.
        rows: of the source, samples (n, ...) and labels.
        target: samples (m, ...).
        recipe: its batch is that of each domain.
        task: what the model predicts; None: as many classes as it has outputs.
        engine: where it is computed; None: on the CPU.

    Raises:
        Diverged: a loss stopped being a number.
    """
    given: Any = method
    head = copy.deepcopy(model.head)
    known = task or Task(_outputs(model), tuple(rows.x.shape[1:]))
    known = replace(known, rows=len(rows.x), seed=recipe.seed, head=head)
    run = start(method, copy.deepcopy(model.backbone), known, recipe, engine)
    cycle, critics = list[float](), list[float]()
    for tick in train(run, _batches(rows, target, recipe)):
        fool = (tick.terms[f"translators/fool_{name}"].item() for name in ("source", "target"))
        critics.append(sum(fool) / 2)
        if given.cycle:
            cycle.append(tick.terms["translators/cycle"].item() / (2 * given.cycle))
    parts = run.parts.cpu().eval()
    fronts = {way: given.translation(parts, way) for way in ("to_target", "to_source")}
    return TrainedTranslators(fronts, cycle, critics)


def through(front: Translation, backbone: Any) -> Way:
    """A trained translator as a function of samples: bytes stay bytes."""
    backbone = copy.deepcopy(backbone).cpu()

    def translate(x: Tensor) -> Tensor:
        with torch.inference_mode():
            translated: Tensor = front(backbone.normalised(x))
            if x.dtype == torch.uint8:
                pixels = (translated * backbone.std + backbone.mean) * 255
                translated = pixels.round().clamp(0, 255).to(torch.uint8)
            return translated

    return translate


def _outputs(model: Model) -> int:
    weight = next(model.head.parameters())
    with torch.no_grad():
        return int(model.head(torch.zeros(1, model.backbone.width, dtype=weight.dtype)).shape[1])


def _batches(rows: Labelled, target: Tensor, recipe: Recipe) -> Callable[[int], Iterator[Domains]]:
    seed, batch = recipe.seed, recipe.batch

    def batches(step: int) -> Iterator[Domains]:
        for now in itertools.count(step):
            some = order(seed, len(rows.x), min(batch, len(rows.x)), now)[0]
            others = order(seed + 1, len(target), min(batch, len(target)), now)[0]
            yield Domains(Labelled(rows.x[some], rows.y[some]), target[others])

    return batches
