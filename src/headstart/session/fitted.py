"""What a method made of a backbone and some rows."""

from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from headstart.core import Method, Model, SampleLoader
from headstart.run.frozen import Replay
from headstart.run.state import Run
from headstart.session.outputs import outputs_of


@dataclass
class Fitted:
    """What a method made of a backbone and some rows."""

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
