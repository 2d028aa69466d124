"""Integrate an ordinary differential equation over [0, 1] in a fixed number of steps."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from torch import Tensor

Velocity = Callable[[Tensor, float], Tensor]  # of points (n, ...) at a time in [0, 1]
Path = Callable[[Tensor, float], Tensor]  # what points become once they are at a time


def euler(velocity: Velocity, x: Tensor, steps: int, kept: Path | None = None) -> Tensor:
    """Points (n, ...) at time 1 of points x at time 0; of order 1, one evaluation a step.

    Args:
        velocity: of points at a time.
        x: (n, ...).
        steps: of equal length, >= 1.
        kept: changes the points after each step, such as those whose path is known.
    """
    for step in range(steps):
        x = x + velocity(x, step / steps) / steps
        x = x if kept is None else kept(x, (step + 1) / steps)
    return x


def heun(velocity: Velocity, x: Tensor, steps: int, kept: Path | None = None) -> Tensor:
    """The same of order 2: the mean of the velocities at both ends of a step, two evaluations each."""
    for step in range(steps):
        start, end = step / steps, (step + 1) / steps
        first = velocity(x, start)
        second = velocity(x + first / steps, end)
        x = x + (first + second) / (2 * steps)
        x = x if kept is None else kept(x, end)
    return x


SAMPLERS: Mapping[str, Callable[[Velocity, Tensor, int, Path | None], Tensor]] = MappingProxyType(
    {"euler": euler, "heun": heun}
)
