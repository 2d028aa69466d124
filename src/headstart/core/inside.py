"""What modules inside a model give in a forward, by place."""

import math
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool1d, adaptive_avg_pool2d


@contextmanager
def outputs_inside(model: nn.Module, names: Sequence[str]) -> Iterator[dict[str, Tensor]]:
    """What the named modules give in forwards inside the context; the first tensor of several."""
    found: dict[str, Tensor] = {}
    with ExitStack() as stack:
        for name in names:

            def see(_module: nn.Module, _args: Any, output: Any, name: str = name) -> None:
                found[name] = output if isinstance(output, Tensor) else output[0]

            stack.callback(model.get_submodule(name).register_forward_hook(see).remove)
        yield found


def by_place(output: Tensor) -> Tensor:
    """An output as (n, places, d): of maps (n, d, h, w) row by row, of (n, d) one place."""
    if output.ndim == 4:
        return output.flatten(2).mT
    return output if output.ndim == 3 else output.flatten(1)[:, None]


def squared(value: Tensor) -> Tensor:
    """(n, places, 1): the mean over features of the squares of (n, places, d)."""
    return value.square().mean(-1, keepdim=True)


def few_places(value: Tensor, most: int) -> Tensor:
    """(n, p, d), p <= most, of (n, places, d): neighbours are averaged, of square maps in both directions."""
    count, side = value.shape[1], math.isqrt(value.shape[1])
    if count <= most:
        return value
    if side**2 != count:
        return adaptive_avg_pool1d(value.mT, most).mT
    less = math.isqrt(most)
    grid = adaptive_avg_pool2d(value.mT.reshape(len(value), -1, side, side), (less, less))
    return grid.flatten(2).mT
