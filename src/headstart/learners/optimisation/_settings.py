"""What optimisation-based learners share: a start, and some steps of gradient descent from it."""

import math
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor, nn

from headstart.core import BadInput, Batch, Ctx, Descend, Episodes, Labelled, Loss, Move, On, Parts
from headstart.learners.encoding import Encoder
from headstart.learners.inner.descent import Steps, descend, task_losses
from headstart.learners.inner.updates import UPDATES, Slots, Update
from headstart.learners.learner import Learner, Problem, State
from headstart.learners.optimisation._start import Start, adapting, make_network
from headstart.learners.optimisation._support_statistics import STATISTICS, forward_by, measure
from headstart.nn.task_statistics import (
    forget_running_statistics,
    keep_statistics,
    takes_batch_statistics,
)
from headstart.nn.task_weights import Way, forward_tasks, plain_kernels
from headstart.run.descent import out_of_memory
from headstart.run.recipe import Recipe
from headstart.run.ways import NOTES, UNDECIDED, choose_way, way_of

CHOICES = {
    "head": ("linear", "none"),
    "norm": ("support", "batch", "frozen"),
    "strategy": ("auto", "loop", "vmap"),
}
RATES = {"numbers": 0.01, "classes": 0.1}


class StepsWarning(UserWarning):
    """More inner steps than a learner with learned rates was meta-trained with."""


@dataclass(frozen=True, kw_only=True)
class InnerLoop(Learner):
    """Settings of learners that adapt by gradient steps from a learned start.

    Attributes:
        steps: of gradient descent on the support, >= 0; all its rows in each.
        inner_lr: their rate, > 0; None: 0.1 for classes, 0.01 for numbers.
        inner_optimiser: "sgd", "momentum" (0.9) or "adam"; or a function (weight, gradient, slots, rate) ->
            (weight, slots) of torch operations on tensors (tasks, ...), where slots are a dict, {} at first.
        adapts: "all", "head", "body", or names of modules or parameters of the encoder.
        head: "linear", or "none" for an encoder that already ends in the outputs.
        norm: of batch normalisations: "support" takes the statistics of the support, also for queries, so
            that each is answered by itself; "batch" those of the rows in hand, for queries of the queries;
            "frozen" the running ones that the encoder came with.
        clip: largest norm of a task's inner gradient, > 0; None leaves it.
        checkpoint: whether inner steps are computed again in the backward pass, to save memory.
        strategy: "loop" computes task by task, "vmap" all at once, "auto" as a trial in the first step says.
    """

    steps: int = 1
    inner_lr: float | None = None
    inner_optimiser: str | Update = "sgd"
    adapts: str | tuple[str, ...] = "all"
    head: Literal["linear", "none"] = "linear"
    norm: Literal["support", "batch", "frozen"] = "support"
    clip: float | None = None
    checkpoint: bool = False
    strategy: Literal["auto", "loop", "vmap"] = "auto"

    def __post_init__(self) -> None:
        self.check("steps", self.steps >= 0, "a whole number >= 0")
        self.check("inner_lr", self.inner_lr is None or 0 < self.inner_lr < math.inf, "a number > 0 or None")
        known = callable(self.inner_optimiser) or self.inner_optimiser in UPDATES
        self.check("inner_optimiser", known, f"{', '.join(UPDATES)} or a function")
        for setting, allowed in CHOICES.items():
            self.check(setting, getattr(self, setting) in allowed, f"one of {', '.join(allowed)}")
        self.check("clip", self.clip is None or self.clip > 0, "a number > 0 or None")

    @property
    def settings(self) -> dict[str, Any]:
        """The settings by name, as JSON values.

        Raises:
            BadInput: one is a function.
        """
        if callable(self.inner_optimiser):
            raise BadInput(
                f"{self.name}: inner_optimiser is a function of yours, which can't be saved. Take one of "
                f"{', '.join(UPDATES)}, or keep the learner in this process."
            )
        return super().settings

    @property
    def twice(self) -> bool:
        """Whether inner gradients are differentiated themselves."""
        return False

    @property
    def learned_rates(self) -> str:
        """Whether inner rates are learned, and of what: "fixed", each "layer" or each "parameter"."""
        return "fixed"

    def parts(self, encoder: Encoder, problem: Problem) -> Parts:
        """The start of a network.

        Raises:
            BadInput: nothing of it adapts, or without a head it gives another number of outputs.
        """
        if self.norm != "frozen":
            forget_running_statistics(encoder)
        network = make_network(self.name, encoder, problem, self.head)
        fast = adapting(self.name, network, self.adapts)
        rate = RATES[problem.kind] if self.inner_lr is None else self.inner_lr
        return Parts({"network": Start(network, fast, problem.kind, rate, self.learned_rates, self.steps)})

    def adapt(self, parts: Parts, support: Labelled, state: State | None = None) -> State:
        """The weights that adapt, (t, ...) each, after the steps; from a state as many steps more.

        With `norm="support"` the statistics of the support at batch normalisations, too.
        """
        start, graph = start_of(parts), torch.is_grad_enabled()
        weights, slots = _begin(start, len(support.x), state)
        self._warn_of_more_steps(start, graph)
        update = self.inner_optimiser if callable(self.inner_optimiser) else UPDATES[self.inner_optimiser]
        twice, way = self.twice and graph, self._way(start)
        steps = Steps(self.steps, update, start.rate_of, self.clip, graph, twice, self.checkpoint and graph)
        kernels = partial(plain_kernels, start, twice or way == "vmap")
        with self._explained(start), torch.enable_grad(), kernels():
            loss = _support_loss(start, support, way, graph, kernels)
            weights, slots = descend(loss, weights, slots, steps)
            made = dict(weights) | {
                f"{slot}/{name}": one for name, own in slots.items() for slot, one in own.items()
            }
            if self._by_support(start):
                with torch.set_grad_enabled(graph):
                    made[STATISTICS] = measure(start, weights, support.x, way)
        return made if graph else {name: one.detach().clone() for name, one in made.items()}

    def predict(self, parts: Parts, state: State, x: Tensor) -> Tensor:
        """The network's outputs (t, q, outputs) with the weights of each task."""
        start = start_of(parts)
        way, weights = self._way(start), _weights(start, state)
        with self._explained(start), plain_kernels(start, way == "vmap"):
            if self._by_support(start):
                return forward_by(start, weights, state[STATISTICS], x, way)
            return forward_tasks(start.network, weights, x, way)

    def recipe(self) -> Recipe:
        """As many steps as sinusoids take, with AdamW."""
        return Recipe(steps=2000, lr=5e-3, weight_decay=0.0)

    def moves(self) -> tuple[Move[Any], ...]:
        """One descent on the start."""
        return (Descend(self.loss, on=(On("network", statistics="frozen"),)),)

    def loss(self, parts: Parts, batch: Batch, ctx: Ctx) -> Loss:
        """The loss of the queries after adapting to the supports."""
        assert isinstance(batch, Episodes)
        start = start_of(parts)
        learns = [one for one in start.parameters() if one.requires_grad]
        if self.strategy == "auto" and start.choice == UNDECIDED and learns:

            def gradient(way: Way) -> list[Tensor]:
                found = replace(self, strategy=way).meta_loss(parts, batch)
                return list(torch.autograd.grad(found, learns, materialize_grads=True))

            key = (
                repr(self),
                repr(start),
                batch.support.x.shape,
                batch.query.x.shape,
                str(start.choice.device),
            )
            start.choice.fill_(choose_way(gradient, key))
        return Loss.sum(query=self.meta_loss(parts, batch))

    def meta_loss(self, parts: Parts, batch: Episodes) -> Tensor:
        """What meta-training descends, ()."""
        outputs = self.predict(parts, self.adapt(parts, batch.support), batch.query.x)
        return task_losses(outputs, batch.query.y, start_of(parts).kind).mean()

    def notes(self, parts: Parts) -> tuple[str, ...]:
        """Why tasks are not batched, if they can't be."""
        choice = int(start_of(parts).choice)
        return (NOTES[choice],) if self.strategy == "auto" and choice in NOTES else ()

    def module(self, parts: Parts, state: State, task: int) -> nn.Module:
        """The network with the weights of one task."""
        start = start_of(parts)
        made = start.with_weights({name: one[task] for name, one in _weights(start, state).items()})
        if self._by_support(start):
            keep_statistics(made, state[STATISTICS][task])
        return made

    def _by_support(self, start: Start) -> bool:
        return self.norm == "support" and takes_batch_statistics(start.network)

    def _way(self, start: Start) -> Way:
        return way_of(int(start.choice)) if self.strategy == "auto" else self.strategy

    def _warn_of_more_steps(self, start: Start, graph: bool) -> None:
        trained = int(start.trained_steps)
        if len(start.rates) and self.steps > trained and not graph:
            warnings.warn(
                f"{self.name} takes {self.steps} inner steps, and its rates were learned for {trained}: "
                f"beyond these it is known to diverge. Take {trained}, or train it with {self.steps}.",
                StepsWarning,
                stacklevel=4,
            )

    @contextmanager
    def _explained(self, start: Start) -> Iterator[None]:
        """Say what can be done about errors of the network."""
        try:
            yield
        except ValueError as error:
            if isinstance(error, BadInput) or not takes_batch_statistics(start):
                raise
            raise BadInput(
                f"{self.name}: batch normalisation takes its statistics of the rows in hand, which are too "
                f"few: {error}. Give more rows, or take {self.name}:norm=frozen or another encoder."
            ) from error
        except RuntimeError as error:
            if self.strategy != "vmap" or out_of_memory(error):
                raise
            raise BadInput(
                f"{self.name}: strategy is 'vmap', by which this network can't be batched: "
                f"{str(error).splitlines()[0]} Take {self.name}:strategy=auto."
            ) from error


def start_of(parts: Parts) -> Start:
    """The network of `InnerLoop.parts`."""
    start = parts["network"]
    assert isinstance(start, Start)
    return start


def _begin(start: Start, tasks: int, state: State | None) -> tuple[Mapping[str, Tensor], Mapping[str, Slots]]:
    """Weights and slots of the optimiser to go on from."""
    if state is None:
        return start.weights(tasks), {}
    slots: dict[str, dict[str, Tensor]] = {}
    for key, value in state.items():
        slot, slash, name = key.partition("/")
        if slash:
            slots.setdefault(name, {})[slot] = value
    return _weights(start, state), slots


def _weights(start: Start, state: State) -> dict[str, Tensor]:
    """The weights of tasks (t, ...) by name, which must be of this network."""
    for name in start.fast:
        own, given = start.network.get_parameter(name).shape, state[name].shape[1:]
        if own != given:
            raise ValueError(f"{name} has the size {tuple(given)} in it, and {tuple(own)} in the network")
    return {name: state[name] for name in start.fast}


def _support_loss(
    start: Start,
    support: Labelled,
    way: Way,
    graph: bool,
    kernels: Callable[[], AbstractContextManager[None]],
) -> Callable[[Mapping[str, Tensor]], Tensor]:
    """The losses (t,) of supports by the weights that adapt; features that stay are computed once.

    Each is computed with these kernels, also where a step is computed again in the backward pass.
    """
    module: nn.Module = start.network
    x, root = support.x, ""
    if start.only_head_adapts:
        with torch.set_grad_enabled(graph):
            x = forward_tasks(start.body, {}, x, way)
        module, root = start.head, "head."

    def loss(weights: Mapping[str, Tensor]) -> Tensor:
        mine = {name.removeprefix(root): one for name, one in weights.items()}
        with kernels():
            return task_losses(forward_tasks(module, mine, x, way), support.y, start.kind)

    return loss
