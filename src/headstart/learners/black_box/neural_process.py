"""Conditional neural processes: what was learned of a task is the mean of its encoded rows."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor, nn
from torch.nn.functional import gaussian_nll_loss, softplus

from headstart.core import BadInput, Batch, Ctx, Episodes, Labelled, Loss, Parts
from headstart.learners.black_box._pairs import ROWS, Pairs, known_only
from headstart.learners.encoding import Encoder
from headstart.learners.learner import Learner, Problem, State, query_loss
from headstart.nn.dense import dense
from headstart.run.recipe import Recipe


class ProcessNetwork(nn.Module):
    """An encoder h of rows, and a decoder g of queries beside the mean of what h gave.

    Classes have a mean each, of their own rows, and g gives the logit of one class. So a task may have any
    number of classes, and their order does not matter.

    Args:
        encoder: of one input.
        problem: what the tasks are like.
        units: of the hidden layers, and of what h gives.
        layers: hidden ones of h, and of g.
        gaussian: whether g gives spreads too.
    """

    def __init__(
        self, encoder: Encoder, problem: Problem, units: int, layers: int, gaussian: bool = False
    ) -> None:
        super().__init__()
        self.pairs = Pairs(encoder, problem)
        read = encoder.width if self.pairs.classes else self.pairs.width
        self.h = dense(read, units, layers, units)
        outputs = 1 if self.pairs.classes else problem.outputs
        self.g = dense(encoder.width + units, units, layers, 2 * outputs if gaussian else outputs)

    def read(self, support: Labelled) -> tuple[Tensor, Tensor]:
        """Sums (t, groups, units) of the encoded rows, and their counts (t, groups).

        The groups are the classes; where answers are numbers there is one.
        """
        if self.pairs.classes:
            features = self.pairs.encoder.each(support.x)
            of_group = self.pairs.answers(support.y, features)
        else:
            features = self.pairs(support)
            of_group = torch.ones_like(features[..., :1])
        return of_group.mT @ self.h(features), of_group.sum(1)

    def decode(self, state: State, x: Tensor) -> Tensor:
        """Outputs of queries x (t, q, *shape): (t, q, classes), (t, q, numbers) or (t, q, 2 numbers)."""
        means = state["sums"] / state[ROWS].clamp_min(1)[..., None]
        features = self.pairs.encoder.each(x)
        (t, q, width), (_, groups, units) = features.shape, means.shape
        both = features[:, :, None].expand(t, q, groups, width), means[:, None].expand(t, q, groups, units)
        decoded: Tensor = self.g(torch.cat(both, 3))
        return decoded.flatten(2)


@final
@dataclass(frozen=True, kw_only=True)
class NeuralProcess(Learner):
    """Queries are decoded beside the mean of the encoded rows of the support; no gradient is needed.

    Attributes:
        units: of the hidden layers of both networks, and of the mean, >= 1.
        layers: hidden ones of each network, >= 0.
        gaussian: whether numbers get a spread too: trained by the log-likelihood of normal distributions, not
            by the squared error.
        least_spread: the smallest standard deviation that is predicted, in [0, 1).
    """

    name: ClassVar[str] = "neural-process"
    title: ClassVar[str] = "Conditional neural process"
    paper: ClassVar[str] = "arXiv:1807.01613"

    units: int = 128
    layers: int = 2
    gaussian: bool = False
    least_spread: float = 0.1

    def __post_init__(self) -> None:
        self.check("units", self.units >= 1, ">= 1")
        self.check("layers", self.layers >= 0, ">= 0")
        self.check("least_spread", 0 <= self.least_spread < 1, "in [0, 1)")

    def parts(self, encoder: Encoder, problem: Problem) -> Parts:
        """Both networks.

        Raises:
            BadInput: classes with `gaussian`.
        """
        if self.gaussian and problem.kind == "classes":
            raise BadInput("neural-process: gaussian=True is for numbers, and these tasks have classes.")
        return Parts({"network": ProcessNetwork(encoder, problem, self.units, self.layers, self.gaussian)})

    def adapt(self, parts: Parts, support: Labelled, state: State | None = None) -> State:
        """Sums (t, groups, units) of the encoded rows, and their counts "rows" (t, groups)."""
        sums, rows = _network(parts).read(support)
        if state is not None:
            sums, rows = sums + state["sums"], rows + state[ROWS]
        return {"sums": sums, ROWS: rows}

    def predict(self, parts: Parts, state: State, x: Tensor) -> Tensor:
        """Logits, -inf for classes without a row, or the means of numbers (t, q, outputs)."""
        decoded = _network(parts).decode(state, x)
        if _network(parts).pairs.classes:
            return known_only(decoded, state)
        return self._normal(decoded)[0] if self.gaussian else decoded

    def spread(self, parts: Parts, state: State, x: Tensor) -> Tensor:
        """Standard deviations (t, q, outputs) of the numbers of queries x (t, q, *shape).

        Raises:
            BadInput: without `gaussian`.
        """
        if not self.gaussian:
            raise BadInput("neural-process: spreads are learned with gaussian=True alone.")
        return self._normal(_network(parts).decode(state, x))[1]

    def loss(self, parts: Parts, batch: Batch, ctx: Ctx) -> Loss:
        """The loss of the queries: of `gaussian` the negative log-likelihood, in nats a number."""
        assert isinstance(batch, Episodes)
        state, query = self.adapt(parts, batch.support), batch.query
        if not self.gaussian:
            return Loss.sum(query=query_loss(self.predict(parts, state, query.x), query.y))
        mean, spread = self._normal(_network(parts).decode(state, query.x))
        return Loss.sum(query=gaussian_nll_loss(mean, query.y, spread.square(), full=True))

    def recipe(self) -> Recipe:
        """A step takes milliseconds, so that there are many."""
        return Recipe(steps=4000, lr=1e-3, weight_decay=0.0, schedule="cosine")

    def _normal(self, decoded: Tensor) -> tuple[Tensor, Tensor]:
        """Means and standard deviations (t, q, outputs) of what was decoded."""
        mean, raw = decoded.chunk(2, 2)
        return mean, self.least_spread + (1 - self.least_spread) * softplus(raw)


def _network(parts: Parts) -> ProcessNetwork:
    network = parts["network"]
    assert isinstance(network, ProcessNetwork)
    return network
