"""Train two encoders on pairs: the batches of both sides, a locked side computed once, and what comes out."""

import copy
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from headstart.core import Backbone, Method, SampleLoader, Task
from headstart.core.paired import PairedBackbone
from headstart.data.pair_batches import Features, pair_stream
from headstart.data.samples import Rows
from headstart.data.stream import ahead
from headstart.models.backbone import AnyBackbone
from headstart.models.fast import fast
from headstart.models.pairs import Pair
from headstart.models.projected import projected
from headstart.run.engine import Engine
from headstart.run.loop import start, train
from headstart.run.recipe import Recipe
from headstart.run.state import Run, Tick
from headstart.run.watch import drain, record_losses, resume, save_checkpoints
from headstart.session.scoring import outputs_of
from headstart.session.session import CHECKPOINT_EVERY
from headstart.session.session_data import Watch

SIDES = ("image", "text")


class Computed(Backbone):
    """In the place of an encoder whose features are computed already: they are its input."""

    def __init__(self, width: int, name: str) -> None:
        super().__init__()
        self.width, self.name = width, name

    def forward(self, x: Tensor) -> Tensor:
        """Features (n, width) as they are."""
        return x


@dataclass(frozen=True)
class PairSession:
    """Two encoders and the samples of both sides, by "image" and "text".

    Attributes:
        encoders: never changed.
        loaders: of all rows; that of pictures may have random views.
        plain: of the same without.
        engine: where it computes.
    """

    encoders: dict[str, AnyBackbone]
    loaders: dict[str, SampleLoader]
    plain: dict[str, SampleLoader]
    engine: Engine

    def start(
        self,
        method: Method[Any],
        rows: Rows,
        recipe: Recipe,
        done: Callable[[int], None] = lambda _rows: None,
    ) -> tuple[Run[Any], Callable[[int], Iterator[Any]]]:
        """A run of a method that learns from pairs, and its batches; a locked side is computed once.

        Args:
            method: with its settings.
            rows: (n,) to train on.
            recipe: how to descend.
            done: is told how many more rows of a locked side are computed.
        """
        loaders, encoders = dict(self.loaders), dict[str, Backbone](self.encoders)
        if side := method.locked_side():
            encoder = self.encoders[side]
            found = self._outputs(_frozen(encoder, self.engine), side, rows, done)
            table = found.new_zeros(int(rows.max()) + 1, found.shape[1])
            table[torch.from_numpy(rows)] = found
            loaders[side], encoders[side] = Features(table), Computed(encoder.width, encoder.name)
        both = PairedBackbone(*(copy.deepcopy(encoders[each]) for each in SIDES))
        shape = tuple(loaders["image"].fetch(rows[:1], np.zeros(1, np.int64)).shape[1:])
        recipe = replace(recipe, **method.recipe_overrides())
        run = start(method, both, Task(2, shape, len(rows), recipe.seed), recipe, self.engine)
        return run, pair_stream(loaders["image"], loaders["text"], rows, recipe.batch, recipe.seed)

    def train(
        self,
        run: Run[Any],
        stream: Callable[[int], Iterator[Any]],
        checkpoint: Path | None,
        watch: Watch | None = None,
    ) -> Run[Any]:
        """Carry out a started run to its end; one that was interrupted goes on from its checkpoint."""
        if checkpoint:
            resume(run, checkpoint)
        ticks: Iterator[Tick] = record_losses(train(run, ahead(stream)), run)
        if checkpoint is None:
            drain(watch(ticks, run) if watch else ticks)
            return run
        with closing(save_checkpoints(ticks, run, checkpoint, CHECKPOINT_EVERY)) as kept:
            drain(watch(kept, run) if watch else kept)
        return run

    def pair(self, run: Run[Any]) -> Pair:
        """The two encoders of a run with their projections, on the CPU."""
        made = {}
        for side in SIDES:
            encoder = copy.deepcopy(self.encoders[side])
            trained: Any = run.parts[side]
            if not isinstance(trained, Computed):
                encoder.load_state_dict(trained.state_dict())
            projection: Any = run.parts[f"{side}_projection"]
            made[side] = projected(encoder, copy.deepcopy(projection).cpu()).eval()
        with torch.no_grad():
            scale = run.parts["logits"]()[0].item()
        return Pair(made["text"], made["image"], scale, learned_scale=True)

    def embeddings(self, pair: Pair, rows: Rows) -> dict[str, Tensor]:
        """Embeddings (n, d) of unit length of both sides of rows (n,), on the CPU."""
        sides = {"image": pair.image, "text": pair.text}
        return {side: self.embedded(side, one, rows) for side, one in sides.items() if one is not None}

    def embedded(self, side: str, encoder: AnyBackbone, rows: Rows) -> Tensor:
        """Embeddings (n, d) of unit length by an encoder of rows (n,) of one side, on the CPU."""
        return nn.functional.normalize(self._outputs(_frozen(encoder, self.engine), side, rows), dim=1)

    def _outputs(
        self, model: nn.Module, side: str, rows: Rows, done: Callable[[int], None] = lambda _rows: None
    ) -> Tensor:
        return outputs_of(model, self.plain[side], rows, self.engine.device, 64, done=done)


def _frozen(encoder: AnyBackbone, engine: Engine) -> nn.Module:
    """A copy that gives features as fast as it can."""
    if engine.device.type == "cpu":
        return fast(encoder)
    return copy.deepcopy(encoder).to(engine.device).eval()
