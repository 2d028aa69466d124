"""Engines: device, precision and distributed processes."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import torch
from torch import Tensor, nn

from headstart.core import BadInput


class Engine(Protocol):
    """Interface of the loop to the hardware: placement, precision and the other processes."""

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
        """Compute on `device`; "auto" is a GPU if torch sees one.

        Raises:
            BadInput: torch knows no such device, or it is not available.
        """
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        try:
            self.device = torch.device(device)
            torch.zeros(1, device=self.device)
        except (RuntimeError, AssertionError) as error:
            reason = str(error).splitlines()[0]
            raise BadInput(f"The device {device!r} can't be used ({reason}). Try cpu or auto.") from error

    def autocast(self, bf16: bool) -> AbstractContextManager[object]:
        """Compute in bf16 inside, if asked to."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=bf16)

    def backward(self, loss: Tensor) -> None:
        """Backward without scaling."""
        loss.backward()  # type: ignore[no-untyped-call]

    def average(self, parameters: Sequence[nn.Parameter]) -> None:
        """Do nothing: there is a single process."""

    def gather(self, rows: Tensor) -> Tensor:
        """The rows unchanged."""
        return rows

    def share(self, rows: int) -> float:
        """1: the only process has all rows."""
        return 1.0
