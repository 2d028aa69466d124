"""Where and how numbers are computed."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import torch
from torch import Tensor, nn


class Engine(Protocol):
    """What the loop asks of the hardware: placement, precision and the other processes."""

    rank: int
    world: int
    device: torch.device

    def autocast(self, bf16: bool) -> AbstractContextManager[object]:
        """Compute in bf16 inside, if asked to."""
        ...

    def backward(self, loss: Tensor) -> None:
        """Add the gradients of `loss` () to `.grad`."""
        ...

    def average(self, parameters: Sequence[nn.Parameter]) -> None:
        """Replace every `.grad` by its mean over the processes."""
        ...

    def gather(self, rows: Tensor) -> Tensor:
        """The rows (n, ...) of all processes in rank order; differentiable; n may differ."""
        ...

    def share(self, rows: int) -> float:
        """This process's rows over the mean of all processes' rows."""
        ...


class One:
    """A single process on one device."""

    rank, world = 0, 1

    def __init__(self, device: str | torch.device = "cpu") -> None:
        self.device = torch.device(device)

    def autocast(self, bf16: bool) -> AbstractContextManager[object]:
        """Compute in bf16 inside, if asked to."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=bf16)

    def backward(self, loss: Tensor) -> None:
        """Plain backward."""
        loss.backward()  # type: ignore[no-untyped-call]

    def average(self, parameters: Sequence[nn.Parameter]) -> None:
        """Nothing to average with."""

    def gather(self, rows: Tensor) -> Tensor:
        """The rows themselves."""
        return rows

    def share(self, rows: int) -> float:
        """All of them."""
        return 1.0
