"""A running mean whose next value is staged in a step and counts from the step after."""

import torch
from torch import Tensor, nn


class RunningMean(nn.Module):
    """An exponential moving average that starts at the first value it is given.

    A step stages a value; `commit` lets it count. Between the two lies the step itself, which may fail:
    then the staged value never counted.

    Attributes:
        mean: the average, of any shape; 0 as long as there is none.
        seen: () values that count, int64.
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
        """Keep a value of this step, in the shape of the mean, until `commit`; None: there is none."""
        self.pending.fill_(value is not None)
        if value is not None:
            self.staged.copy_(value.detach())

    def commit(self, rate: float) -> None:
        """The mean becomes (1 - rate) mean + rate staged; the first value is the mean."""
        if self.pending:
            self.mean.lerp_(self.staged, rate if self.seen else 1.0)
            self.seen += 1
            self.pending.zero_()

    def reset(self) -> None:
        """Back to the state before the first value."""
        for buffer in self.buffers():
            buffer.zero_()
