"""The state of a training run, and the result of one step."""

from dataclasses import dataclass, field
from typing import Any, Generic

import torch
from torch import Tensor
from torch.optim import Optimizer

from headstart.core import Move, Parts
from headstart.core.batches import B

from .average import Average
from .engine import Engine, One
from .recipe import Recipe


@dataclass(frozen=True)
class Tick:
    """Result of one step; all tensors are detached."""

    step: int  # steps done, from 1
    terms: dict[str, Tensor]
    outputs: Tensor | None


@dataclass
class Run(Generic[B]):
    """A method applied to a backbone, with all state that changes during training."""

    name: str
    parts: Parts
    moves: tuple[Move[B], ...]
    recipe: Recipe
    engine: Engine = field(default_factory=One)
    layout: torch.memory_format = torch.channels_last  # of pictures
    step: int = 0
    accumulate: int = 1
    divisible: bool = True  # whether a batch may be computed in parts
    optimisers: dict[str, Optimizer] = field(default_factory=dict)
    average: Average | None = None
    guides: str = ""  # digest of the guides that its updates are scaled by; "": none
    guided: int = 0  # weights that take a share of each update alone
    notes: dict[str, Any] = field(default_factory=dict)  # state of watchers, saved with the run

    def state_dict(self) -> dict[str, Any]:
        """State for a checkpoint: data order, learning rates and seeds are functions of `step`."""
        return {
            "name": self.name,
            "step": self.step,
            "accumulate": self.accumulate,
            "parts": dict(self.parts.state_dict()),
            "optimisers": {name: o.state_dict() for name, o in self.optimisers.items()},
            "average": dict(self.average.values) if self.average else {},
            "guides": self.guides,
            "notes": self.notes,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Load a `state_dict` into a run started with the same settings."""
        self.step, self.accumulate = state["step"], state["accumulate"]
        self.parts.load_state_dict(state["parts"])
        for name, optimiser in self.optimisers.items():
            optimiser.load_state_dict(state["optimisers"][name])
        if self.average:
            self.average.load(state["average"])
        self.notes = state["notes"]
