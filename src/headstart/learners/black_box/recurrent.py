"""Recurrent learners: a network reads the support row by row, and its hidden state is what was learned."""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, final

import torch
from torch import Tensor, nn

from headstart.core import Labelled, Parts
from headstart.learners.black_box._pairs import Pairs, known_only
from headstart.learners.encoding import Encoder
from headstart.learners.learner import Learner, Problem, State
from headstart.nn.dense import dense
from headstart.run.recipe import Recipe

Cell = Literal["gru", "lstm"]
MEMORIES = {"gru": ("hidden",), "lstm": ("hidden", "cell")}  # what a cell keeps from row to row


class RecurrentNetwork(nn.Module):
    """A recurrent network over embedded pairs (features, answer), and a head on its state beside a query.

    Args:
        encoder: of one input.
        problem: what the tasks are like.
        cell: "gru" or "lstm".
        units: of the hidden state of each layer, and of the head's hidden layers.
        layers: recurrent ones.
    """

    def __init__(self, encoder: Encoder, problem: Problem, cell: Cell, units: int, layers: int) -> None:
        super().__init__()
        self.pairs, self.memories = Pairs(encoder, problem), MEMORIES[cell]
        kind = nn.GRU if cell == "gru" else nn.LSTM
        self.embed = dense(self.pairs.width, units, 1, units)
        self.recurrent: nn.RNNBase = kind(units, units, layers, batch_first=True)
        self.head = dense(encoder.width + units, units, 2, problem.outputs)

    def read(self, support: Labelled, state: State | None) -> dict[str, Tensor]:
        """Hidden states (t, layers, units) after the rows of supports."""
        before = None if state is None else self._packed(state)
        _, after = self.recurrent(self.embed(self.pairs(support)), before)
        kept = (after,) if len(self.memories) == 1 else after
        of_tasks = (value.transpose(0, 1).contiguous() for value in kept)
        return dict(zip(self.memories, of_tasks, strict=True))

    def decode(self, state: State, x: Tensor) -> Tensor:
        """Outputs (t, q, outputs) of queries x (t, q, *shape), from the state of the last layer."""
        features = self.pairs.encoder.each(x)
        hidden = state["hidden"][:, -1, None].expand(-1, features.shape[1], -1)
        outputs: Tensor = self.head(torch.cat([features, hidden], 2))
        return outputs

    def _packed(self, state: State) -> Any:
        kept = tuple(state[name].transpose(0, 1).contiguous() for name in self.memories)
        return kept[0] if len(kept) == 1 else kept


@final
@dataclass(frozen=True, kw_only=True)
class Recurrent(Learner):
    """The support is a sequence of pairs (x, y); the hidden state after it is the learned model.

    Attributes:
        cell: "gru" or "lstm".
        units: of the hidden state of each layer, >= 1.
        layers: recurrent ones, >= 1.
    """

    name: ClassVar[str] = "recurrent"
    title: ClassVar[str] = "Recurrent learner"
    paper: ClassVar[str] = "doi:10.1007/3-540-44668-0_13"
    ordered: ClassVar[bool] = True

    cell: Cell = "gru"
    units: int = 128
    layers: int = 1

    def __post_init__(self) -> None:
        self.check("cell", self.cell in MEMORIES, "gru or lstm")
        self.check("units", self.units >= 1, ">= 1")
        self.check("layers", self.layers >= 1, ">= 1")

    def parts(self, encoder: Encoder, problem: Problem) -> Parts:
        """The recurrent network with its head."""
        return Parts({"network": RecurrentNetwork(encoder, problem, self.cell, self.units, self.layers)})

    def adapt(self, parts: Parts, support: Labelled, state: State | None = None) -> State:
        """Hidden states (t, layers, units), those of cells too, and of classes their rows (t, classes)."""
        network = _network(parts)
        read = network.read(support, state)
        return read | network.pairs.counts(support.y, read["hidden"], state)

    def predict(self, parts: Parts, state: State, x: Tensor) -> Tensor:
        """Logits, -inf for classes without a row, or numbers (t, q, outputs)."""
        return known_only(_network(parts).decode(state, x), state)

    def recipe(self) -> Recipe:
        """What is read in order is learned slowly: many steps."""
        return Recipe(steps=4000, lr=1e-3, weight_decay=0.0, schedule="cosine")


def _network(parts: Parts) -> RecurrentNetwork:
    network = parts["network"]
    assert isinstance(network, RecurrentNetwork)
    return network
