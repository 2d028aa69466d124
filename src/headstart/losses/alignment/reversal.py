"""Gradient reversal (arXiv:1409.7495)."""

import math
from typing import Any

import torch
from torch import Tensor

from headstart.core import BadInput


class _Reverse(torch.autograd.Function):
    """The identity; its gradient is multiplied by -strength."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor, strength: float) -> Tensor:
        return x.view_as(x)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, float], output: Tensor) -> None:
        ctx.strength = inputs[1]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return -ctx.strength * gradients[0], None


def reverse_gradient(x: Tensor, strength: float = 1.0) -> Tensor:
    """Return `x` of any shape unchanged; its gradient is multiplied by -`strength`.

    Args:
        x: the input of a critic.
        strength: >= 0; 0 stops the gradient, so that only the critic learns.

    Raises:
        BadInput: `strength` is negative or not a finite number.
    """
    if not 0 <= strength < math.inf:
        raise BadInput(f"The strength of the reversal is {strength!r}; it must be a finite number >= 0.")
    found: Tensor = _Reverse.apply(x, float(strength))
    return found


def ramp(progress: float, steepness: float = 10.0) -> float:
    """Reversal strength at `progress` in [0, 1] of the training: 2 / (1 + exp(-steepness * progress)) - 1.

    It rises from 0 to nearly 1; with the paper's steepness of 10 it is 0.987 halfway (arXiv:1505.07818).

    >>> ramp(0.0), round(ramp(0.1), 6), round(ramp(1.0), 6)
    (0.0, 0.462117, 0.999909)

    Raises:
        BadInput: `progress` is not in [0, 1] or `steepness` not a finite number > 0.
    """
    if not 0 <= progress <= 1:
        raise BadInput(
            f"The progress is {progress!r}; it must be in [0, 1], the share of steps that are done."
        )
    if not 0 < steepness < math.inf:
        raise BadInput(f"The steepness is {steepness!r}; it must be a finite number > 0.")
    return math.tanh(steepness * progress / 2)
