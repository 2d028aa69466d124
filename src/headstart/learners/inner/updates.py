"""Inner optimisers: one step of one tensor of each task, as differentiable functions."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

Slots = Mapping[str, Tensor]
"""What an optimiser remembers of a tensor, by name: {} before the first step; the first axis is the task."""

Update = Callable[[Tensor, Tensor, Slots, Tensor | float], tuple[Tensor, Slots]]
"""(weight, gradient, slots, rate) -> (new weight, new slots): weight and gradient (t, ...) of t tasks."""

MOMENTUM, MEAN, SQUARE, LEAST = 0.9, 0.9, 0.999, 1e-8


def sgd(weight: Tensor, gradient: Tensor, slots: Slots, rate: Tensor | float) -> tuple[Tensor, Slots]:
    """Gradient descent."""
    return weight - rate * gradient, {}


def momentum(weight: Tensor, gradient: Tensor, slots: Slots, rate: Tensor | float) -> tuple[Tensor, Slots]:
    """Gradient descent with heavy-ball momentum of 0.9, as `torch.optim.SGD(momentum=0.9)`."""
    speed = MOMENTUM * slots["speed"] + gradient if slots else gradient
    return weight - rate * speed, {"speed": speed}


def adam(weight: Tensor, gradient: Tensor, slots: Slots, rate: Tensor | float) -> tuple[Tensor, Slots]:
    """Adam (arXiv:1412.6980) at its usual settings.

    The small number is under the root, where its derivative at a gradient of 0 is finite.
    """
    if not slots:
        zero = torch.zeros_like(gradient)
        slots = {"mean": zero, "square": zero, "count": gradient.new_zeros(len(gradient))}
    count = slots["count"] + 1
    mean = MEAN * slots["mean"] + (1 - MEAN) * gradient
    square = SQUARE * slots["square"] + (1 - SQUARE) * gradient.square()
    each = count.view(-1, *[1] * (gradient.ndim - 1))
    root = (square / (1 - SQUARE**each) + LEAST**2).sqrt()
    step = mean / (1 - MEAN**each) / root
    return weight - rate * step, {"mean": mean, "square": square, "count": count}


UPDATES: Mapping[str, Update] = {"sgd": sgd, "momentum": momentum, "adam": adam}
