"""A running mean whose next value is staged in a step and committed after it."""

import torch
from torch import Tensor, nn


class RunningMean(nn.Module):
    """An exponential moving average that starts at the first value.

    A step stages a value and `commit` adds it after the step. If the step fails in between, the staged
    value is never added.

    Attributes:
        mean: the average, of any shape; 0 before the first value.
        seen: () number of committed values, int64.
    """

    mean: Tensor
    seen: Tensor
    staged: Tensor
    pending: Tensor

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(shape))
        self.register_buffer("seen", torch.zeros((), dtype=torch.int64))
        self.register_buffer("staged", torch.zeros(shape))
        self.register_buffer("pending", torch.zeros((), dtype=torch.bool))

    def stage(self, value: Tensor | None) -> None:
        """Stage a value of this step, in the shape of the mean, until `commit`; None: no value."""
        self.pending.fill_(value is not None)
        if value is not None:
            self.staged.copy_(value.detach())

    def commit(self, rate: float) -> None:
        """Update the mean to (1 - rate) mean + rate staged; the first value becomes the mean."""
        if self.pending:
            self.mean.lerp_(self.staged, rate if self.seen else 1.0)
            self.seen += 1
            self.pending.zero_()

    def reset(self) -> None:
        """Reset to the state before the first value."""
        for buffer in self.buffers():
            buffer.zero_()
