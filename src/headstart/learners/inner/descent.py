"""The inner loop: some steps of an optimiser on the supports of many tasks, itself differentiable."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, mse_loss
from torch.utils.checkpoint import checkpoint

from headstart.core.label_kind import LabelKind
from headstart.learners.inner.updates import Slots, Update

Weights = Mapping[str, Tensor]
LEAST = 1e-12  # of a squared norm, whose root has no derivative at 0


@dataclass(frozen=True)
class Steps:
    """How an inner loop descends.

    Attributes:
        count: how many steps.
        update: of one tensor.
        rate: of a tensor, by its name.
        clip: largest norm of a task's gradient; None leaves it.
        graph: whether what comes out is differentiated.
        twice: whether the gradients are, too.
        again: whether each step is computed again in the backward pass, in place of being kept.
    """

    count: int
    update: Update
    rate: Callable[[str], Tensor | float]
    clip: float | None
    graph: bool
    twice: bool
    again: bool


def task_losses(outputs: Tensor, y: Tensor, kind: LabelKind) -> Tensor:
    """The mean loss of the rows of each task (t,), in float32 or better.

    Args:
        outputs: logits or numbers (t, n, outputs).
        y: classes, int64 (t, n), or numbers (t, n, outputs).
        kind: of y.
    """
    outputs = outputs if outputs.dtype is torch.float64 else outputs.float()
    if kind == "classes":
        return cross_entropy(outputs.flatten(0, 1), y.flatten(), reduction="none").view(y.shape).mean(1)
    return mse_loss(outputs, y.to(outputs), reduction="none").flatten(1).mean(1)


def descend(
    loss: Callable[[Weights], Tensor], weights: Weights, slots: Mapping[str, Slots], steps: Steps
) -> tuple[Weights, Mapping[str, Slots]]:
    """Some steps down the losses (t,) of t tasks.

    Args:
        loss: of each task, of weights (t, ...) by name; it is called with gradients enabled.
        weights: at the start.
        slots: what the optimiser remembers, by name of a weight.
        steps: how.

    Returns:
        The weights and slots after it.
    """

    def step(weights: Weights, slots: Mapping[str, Slots]) -> tuple[Weights, Mapping[str, Slots]]:
        weights = {name: _leaf(one, steps.graph) for name, one in weights.items()}
        gradients = torch.autograd.grad(
            loss(weights).sum(), list(weights.values()), create_graph=steps.twice, materialize_grads=True
        )
        if steps.clip is not None:
            gradients = _clipped(gradients, steps.clip)
        made = {
            name: steps.update(weights[name], gradient, slots.get(name, {}), steps.rate(name))
            for name, gradient in zip(weights, gradients, strict=True)
        }
        return {name: each[0] for name, each in made.items()}, {name: each[1] for name, each in made.items()}

    for _ in range(steps.count):
        weights, slots = (
            checkpoint(step, weights, slots, use_reentrant=False) if steps.again else step(weights, slots)
        )
    return weights, slots


def _leaf(weight: Tensor, graph: bool) -> Tensor:
    """A weight that has a gradient, and a past only if that is wanted."""
    return weight if graph and weight.requires_grad else weight.detach().requires_grad_()


def _clipped(gradients: tuple[Tensor, ...], most: float) -> tuple[Tensor, ...]:
    """Gradients (t, ...) of which no task's norm, over all of them, is above `most`."""
    squares = torch.stack([each.flatten(1).square().sum(1) for each in gradients]).sum(0)
    scale = (most**2 / squares.clamp_min(LEAST)).sqrt().clamp_max(1)
    return tuple(each * scale.view(-1, *[1] * (each.ndim - 1)) for each in gradients)
