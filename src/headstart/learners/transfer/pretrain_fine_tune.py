"""Pre-training on the rows of all tasks, then gradient steps on all weights for each new task."""

import copy
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal, final

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from headstart.core import Batch, Ctx, Labelled, Loss, Parts
from headstart.learners.encoding import Encoder
from headstart.learners.inner.descent import Steps, descend, task_losses
from headstart.learners.inner.updates import UPDATES, Slots
from headstart.learners.learner import Learner, Problem, State
from headstart.learners.transfer._pooled import (
    PooledNetwork,
    pooled_loss,
    pooled_of,
    pooled_parts,
    pooled_recipe,
)
from headstart.nn.task_weights import Way, forward_tasks, plain_kernels
from headstart.run.recipe import Recipe
from headstart.solvers.logistic_tasks import logistic_tasks

SERIAL = (nn.modules.conv._ConvNd, nn.RNNBase)  # slower in a batch of weights, or impossible
PENALTY = 1.0  # of the logistic regression
SLOT, ROWS = "slot/", "rows"


@final
@dataclass(frozen=True, kw_only=True)
class PretrainFineTune(Learner):
    """Learn all tasks as one problem; of a new task learn all weights, and for classes a new head.

    Attributes:
        steps: of gradient descent on the support, >= 0; all its rows in each.
        inner_lr: their rate, > 0; None: 0.01 for numbers, 0.0003 for classes.
        inner_optimiser: "sgd", "momentum" (0.9) or "adam"; None: "sgd" for numbers, "adam" for classes.
        head: of classes, where the new head begins: "probe", as the logistic regression on the features of
            the support; "centroids", as the nearest of the classes' means; or "zero".
    """

    name: ClassVar[str] = "pretrain-fine-tune"
    title: ClassVar[str] = "Pre-training and fine-tuning"
    paper: ClassVar[str] = "arXiv:1909.02729"
    pooled: ClassVar[bool] = True

    steps: int = 10
    inner_lr: float | None = None
    inner_optimiser: str | None = None
    head: Literal["probe", "centroids", "zero"] = "probe"

    def __post_init__(self) -> None:
        self.check("steps", self.steps >= 0, "a whole number >= 0")
        self.check("inner_lr", self.inner_lr is None or 0 < self.inner_lr < math.inf, "a number > 0 or None")
        known = self.inner_optimiser is None or self.inner_optimiser in UPDATES
        self.check("inner_optimiser", known, f"{', '.join(UPDATES)} or None")
        self.check("head", self.head in ("probe", "centroids", "zero"), "'probe', 'centroids' or 'zero'")

    def parts(self, encoder: Encoder, problem: Problem) -> Parts:
        """The encoder, and the head for all tasks."""
        return pooled_parts(encoder, problem)

    def adapt(self, parts: Parts, support: Labelled, state: State | None = None) -> State:
        """The weights of each task (t, ...) after the steps; from a state as many steps more."""
        network, (x, y) = pooled_of(parts), (support.x, support.y)
        way, classes = _way(network), network.kind == "classes"
        rows = one_hot(y, network.outputs).sum(1) if classes else None
        weights = self._start(network, x, y) if state is None else _weights(network, state)
        if rows is not None and state is not None:
            rows = rows + state[ROWS]

        def loss(weights: Mapping[str, Tensor]) -> Tensor:
            return task_losses(_known(forward_tasks(network, weights, x, way), rows), y, network.kind)

        with torch.enable_grad(), plain_kernels(network, way == "vmap"):
            made, slots = descend(loss, weights, _slots(state), self._steps(network))
        found = dict(made) | {
            f"{SLOT}{kind}/{name}": one for name, own in slots.items() for kind, one in own.items()
        }
        found |= {} if rows is None else {ROWS: rows}
        return {name: one.detach().clone() for name, one in found.items()}

    def predict(self, parts: Parts, state: State, x: Tensor) -> Tensor:
        """Logits, -inf for classes without a row, or numbers (t, q, outputs)."""
        network = pooled_of(parts)
        way = _way(network)
        with plain_kernels(network, way == "vmap"):
            return _known(forward_tasks(network, _weights(network, state), x, way), state.get(ROWS))

    def loss(self, parts: Parts, batch: Batch, ctx: Ctx) -> Loss:
        """The supervised loss of all tasks' rows."""
        return pooled_loss(parts, batch)

    def recipe(self) -> Recipe:
        """That of the transfer baselines."""
        return pooled_recipe()

    def module(self, parts: Parts, state: State, task: int) -> nn.Module:
        """The network that one task became; classes without a row have the bias -inf."""
        network = pooled_of(parts)
        made = copy.deepcopy(network)
        made.head = nn.Linear(network.encoder.width, network.outputs)
        for name, weight in _weights(network, state).items():
            made.get_parameter(name).data = weight[task].clone()
        if ROWS in state:
            made.head.bias.data.masked_fill_(state[ROWS][task] == 0, -torch.inf)
        return made.eval().requires_grad_(False)

    def _steps(self, network: PooledNetwork) -> Steps:
        classes = network.kind == "classes"
        rate = self.inner_lr or (0.0003 if classes else 0.01)
        update = UPDATES[self.inner_optimiser or ("adam" if classes else "sgd")]
        return Steps(self.steps, update, lambda _: rate, None, graph=False, twice=False, again=False)

    def _start(self, network: PooledNetwork, x: Tensor, y: Tensor) -> Mapping[str, Tensor]:
        """The weights (t, ...) that all tasks begin with, and of classes a new head."""
        weights = {name: one.expand(len(x), *one.shape) for name, one in network.named_parameters()}
        if network.kind == "numbers":
            return weights
        weight, bias = self._head(network, x, y)
        return weights | {"head.weight": weight, "head.bias": bias}

    def _head(self, network: PooledNetwork, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Weight (t, classes, width) and bias (t, classes) of the new head."""
        if self.head == "zero":
            zeros = x.new_zeros(len(x), network.outputs, network.encoder.width)
            return zeros, zeros[..., 0]
        with torch.no_grad():
            features = network.encoder.each(x)
        of_class = one_hot(y, network.outputs).to(features)
        if self.head == "probe":
            weight, bias, _ = logistic_tasks(features, y, network.outputs, PENALTY)
            return weight, bias * (of_class.sum(1) > 0)
        means = of_class.mT @ features / of_class.sum(1).clamp_min(1)[..., None]
        return 2 * means, -means.square().sum(-1)


def _way(network: nn.Module) -> Way:
    """Task by task where a batch of weights is slower or impossible, else all at once."""
    return "loop" if any(isinstance(module, SERIAL) for module in network.modules()) else "vmap"


def _known(outputs: Tensor, rows: Tensor | None) -> Tensor:
    """Logits (t, n, classes), with -inf for classes without a row; numbers as they are."""
    return outputs if rows is None else torch.where(rows[:, None] > 0, outputs, -torch.inf)


def _weights(network: nn.Module, state: State) -> Mapping[str, Tensor]:
    return {name: state[name] for name, _ in network.named_parameters()}


def _slots(state: State | None) -> Mapping[str, Slots]:
    """What the optimiser remembers, by name of a weight."""
    slots: dict[str, dict[str, Tensor]] = {}
    for key, value in (state or {}).items():
        if key.startswith(SLOT):
            kind, _, name = key.removeprefix(SLOT).partition("/")
            slots.setdefault(name, {})[kind] = value
    return slots
