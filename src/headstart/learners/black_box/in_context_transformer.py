"""Transformers that learn in context: queries attend to the rows of the support."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor, nn

from headstart.core import Labelled, Parts
from headstart.learners.black_box._pairs import Pairs, known_only
from headstart.learners.encoding import Encoder
from headstart.learners.learner import Learner, Problem, State
from headstart.nn.context_attention import ContextLayer
from headstart.run.recipe import Recipe


class InContextNetwork(nn.Module):
    """A transformer without positions: support rows attend to each other, queries to the support alone.

    Args:
        encoder: of one input.
        problem: what the tasks are like.
        units: width of a row in the transformer.
        layers: of the transformer.
        heads: of each attention.
    """

    def __init__(self, encoder: Encoder, problem: Problem, units: int, layers: int, heads: int) -> None:
        super().__init__()
        self.pairs = Pairs(encoder, problem)
        self.embed_x = nn.Linear(encoder.width, units)
        self.embed_y = nn.Linear(problem.outputs, units)
        self.layers = nn.ModuleList(ContextLayer(units, heads) for _ in range(layers))
        self.head = nn.Sequential(nn.LayerNorm(units), nn.Linear(units, problem.outputs))

    def embed(self, support: Labelled) -> Tensor:
        """Rows (t, s, units) of supports."""
        features = self.pairs.encoder.each(support.x)
        rows: Tensor = self.embed_x(features) + self.embed_y(self.pairs.answers(support.y, features))
        return rows

    def context(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values (t, layers, heads, s, units / heads) of embedded supports (t, s, units)."""
        kept = []
        for layer in self.layers:
            assert isinstance(layer, ContextLayer)
            kept.append(layer.context(rows))
            rows = layer(rows, *kept[-1])
        keys, values = (torch.stack(each, 1) for each in zip(*kept, strict=True))
        return keys, values

    def decode(self, state: State, x: Tensor) -> Tensor:
        """Outputs (t, q, outputs) of queries x (t, q, *shape)."""
        rows = self.embed_x(self.pairs.encoder.each(x))
        for place, layer in enumerate(self.layers):
            rows = layer(rows, state["keys"][:, place], state["values"][:, place])
        outputs: Tensor = self.head(rows)
        return outputs


@final
@dataclass(frozen=True, kw_only=True)
class InContextTransformer(Learner):
    """A transformer reads the support as a set; queries attend to it, and not to each other.

    Attributes:
        units: width of a row in the transformer, a multiple of `heads`.
        layers: of the transformer, >= 1.
        heads: of each attention, >= 1.
    """

    name: ClassVar[str] = "in-context-transformer"
    title: ClassVar[str] = "In-context transformer"
    paper: ClassVar[str] = "arXiv:2112.10510"

    units: int = 64
    layers: int = 2
    heads: int = 4

    def __post_init__(self) -> None:
        self.check("heads", self.heads >= 1, ">= 1")
        self.check("units", self.units >= 1 and self.units % self.heads == 0, "a multiple of heads")
        self.check("layers", self.layers >= 1, ">= 1")

    def parts(self, encoder: Encoder, problem: Problem) -> Parts:
        """The transformer."""
        return Parts({"network": InContextNetwork(encoder, problem, self.units, self.layers, self.heads)})

    def adapt(self, parts: Parts, support: Labelled, state: State | None = None) -> State:
        """Embedded rows (t, s, units), the keys and values of all layers, and of classes the rows' counts.

        Rows attend to later ones too, so that going on from a state computes the keys of all rows anew.
        """
        network = _network(parts)
        rows = network.embed(support)
        counts = network.pairs.counts(support.y, rows, state)
        if state is not None:
            rows = torch.cat([state["support"], rows], 1)
        keys, values = network.context(rows)
        return {"support": rows, "keys": keys, "values": values} | counts

    def predict(self, parts: Parts, state: State, x: Tensor) -> Tensor:
        """Logits, -inf for classes without a row, or numbers (t, q, outputs)."""
        return known_only(_network(parts).decode(state, x), state)

    def recipe(self) -> Recipe:
        """With a warm-up, without which transformers learn badly."""
        return Recipe(steps=3000, lr=1e-3, weight_decay=0.0, schedule="cosine", warmup=0.05)


def _network(parts: Parts) -> InContextNetwork:
    network = parts["network"]
    assert isinstance(network, InContextNetwork)
    return network
