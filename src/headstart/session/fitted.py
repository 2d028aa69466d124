"""Result of a fit: the model, its training curve and its outputs on rows."""

from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from headstart.core import Descend, Method, Model, SampleLoader
from headstart.run.frozen import Replay
from headstart.run.state import Run
from headstart.session.scoring import outputs_of


@dataclass
class Fitted:
    """Result of a fit: the model, the loss of each step, and the run that gave it."""

    method: Method[Any]
    model: Model
    curve: list[float]  # loss of each step; empty for what is solved, not descended
    trained: int  # parameters that were changed or made
    notes: list[str]
    run: Run[Any]
    replay: Replay | None
    source: SampleLoader  # of what the run's parts take, in plain views
    batch: int = 32

    def logits(self, rows: np.ndarray) -> Tensor:
        """Outputs (n, outputs) on the CPU for rows (n,) of the data that it was fitted in."""
        self.run.parts.eval()
        with self.replay.on(self.run.parts) if self.replay else nullcontext():
            return outputs_of(self.model, self.source, rows, self.run.engine.device, self.batch)


def trained(run: Run[Any], model: Model) -> int:
    """Number of trained parameters: what the descents moved, or else what was solved for."""
    descents = [move for move in run.moves if isinstance(move, Descend)]
    moved = {id(p): p.numel() for move in descents for p in move.parameters(run.parts)}
    return sum(moved.values()) if moved else sum(p.numel() for p in model.head.parameters())
