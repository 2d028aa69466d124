"""SNAIL: temporal convolutions gather what was read, attention picks out single rows of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor, nn

from headstart.core import Labelled, Parts
from headstart.learners.black_box._pairs import Pairs, known_only
from headstart.learners.encoding import Encoder
from headstart.learners.learner import Learner, Problem, State
from headstart.nn.causal_layers import CausalAttention, CausalConvolution, Past
from headstart.run.recipe import Recipe


class SnailNetwork(nn.Module):
    """Causal convolutions and attention over pairs (features, answer), each query as the next row.

    A row ends with 1 if it has an answer; a query has zeros for its answer, and 0 there.

    Args:
        encoder: of one input.
        problem: what the tasks are like.
        units: that each layer adds to a row.
        reach: rows that the convolutions of a block see, in powers of 2.
        blocks: of convolutions with an attention each.
    """

    def __init__(self, encoder: Encoder, problem: Problem, units: int, reach: int, blocks: int) -> None:
        super().__init__()
        self.pairs = Pairs(encoder, problem)
        self.layers = nn.ModuleList()
        width = self.pairs.width + 1
        for _ in range(blocks):
            for doubling in range((reach - 1).bit_length()):
                self.layers.append(CausalConvolution(width, units, 2**doubling))
                width += units
            self.layers.append(CausalAttention(width, units))
            width += units
        self.head = nn.Linear(width, problem.outputs)

    def read(self, support: Labelled, state: State | None) -> dict[str, Tensor]:
        """What all layers keep of the rows of supports, by "layer.name"."""
        rows = self.pairs(support)
        rows = torch.cat([rows, torch.ones_like(rows[..., :1])], 2)
        kept: dict[str, Tensor] = {}
        for place, layer in self._numbered():
            rows, past = layer(rows, None if state is None else _of_layer(state, place))
            kept |= {f"{place}.{name}": value for name, value in past.items()}
        return kept

    def decode(self, state: State, x: Tensor) -> Tensor:
        """Outputs (t, q, outputs) of queries x (t, q, *shape)."""
        features = self.pairs.encoder.each(x)
        unknown = features.new_zeros(*features.shape[:2], self.pairs.outputs + 1)
        rows = torch.cat([features, unknown], 2)
        for place, layer in self._numbered():
            rows = layer.peek(rows, _of_layer(state, place))
        outputs: Tensor = self.head(rows)
        return outputs

    def _numbered(self) -> Iterator[tuple[int, CausalConvolution | CausalAttention]]:
        for place, layer in enumerate(self.layers):
            assert isinstance(layer, CausalConvolution | CausalAttention)
            yield place, layer


def _of_layer(state: State, place: int) -> Past:
    before = f"{place}."
    return {name.removeprefix(before): value for name, value in state.items() if name.startswith(before)}


@final
@dataclass(frozen=True, kw_only=True)
class Snail(Learner):
    """The support is a sequence of pairs (x, y), and each query the row after it.

    Attributes:
        units: that each layer adds to a row, >= 1.
        reach: rows that the convolutions of a block see, >= 1; 1: attention alone.
        blocks: of convolutions with an attention each, >= 1.
    """

    name: ClassVar[str] = "snail"
    title: ClassVar[str] = "SNAIL"
    paper: ClassVar[str] = "arXiv:1707.03141"
    ordered: ClassVar[bool] = True

    units: int = 32
    reach: int = 16
    blocks: int = 2

    def __post_init__(self) -> None:
        for setting in ("units", "reach", "blocks"):
            self.check(setting, getattr(self, setting) >= 1, ">= 1")

    def parts(self, encoder: Encoder, problem: Problem) -> Parts:
        """The network."""
        return Parts({"network": SnailNetwork(encoder, problem, self.units, self.reach, self.blocks)})

    def adapt(self, parts: Parts, support: Labelled, state: State | None = None) -> State:
        """Last rows of each convolution, keys and values of each attention, of classes the rows' counts."""
        network = _network(parts)
        read = network.read(support, state)
        return read | network.pairs.counts(support.y, next(iter(read.values())), state)

    def predict(self, parts: Parts, state: State, x: Tensor) -> Tensor:
        """Logits, -inf for classes without a row, or numbers (t, q, outputs)."""
        return known_only(_network(parts).decode(state, x), state)

    def recipe(self) -> Recipe:
        """What is read in order is learned slowly: many steps."""
        return Recipe(steps=3000, lr=1e-3, weight_decay=0.0, schedule="cosine")


def _network(parts: Parts) -> SnailNetwork:
    network = parts["network"]
    assert isinstance(network, SnailNetwork)
    return network
