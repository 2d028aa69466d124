"""A running mean whose next value is noted in a step and counts from the step after."""

import torch
from torch import Tensor, nn


class Recent(nn.Module):
    """An exponential moving average that starts at the first value it is given.

    A step notes a value; `settle` lets it count. Between the two lies the step itself, which may fail:
    then the noted value never counted.

    Attributes:
        mean: the average, of any shape; 0 as long as there is none.
        seen: () values that count, int64.
    """

    mean: Tensor
    seen: Tensor
    noted: Tensor
    fresh: Tensor

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(shape))
        self.register_buffer("seen", torch.zeros((), dtype=torch.int64))
        self.register_buffer("noted", torch.zeros(shape))
        self.register_buffer("fresh", torch.zeros((), dtype=torch.bool))

    def note(self, value: Tensor | None) -> None:
        """What this step found, in the shape of the mean; None: nothing."""
        self.fresh.fill_(value is not None)
        if value is not None:
            self.noted.copy_(value.detach())

    def settle(self, rate: float) -> None:
        """The mean becomes (1 - rate) mean + rate noted; the first value is the mean."""
        if self.fresh:
            self.mean.lerp_(self.noted, rate if self.seen else 1.0)
            self.seen += 1
            self.fresh.zero_()

    def forget(self) -> None:
        """As it was made."""
        for buffer in self.buffers():
            buffer.zero_()
