"""Views that are the samples themselves, or that a function of the caller makes."""

from collections.abc import Callable

from torch import Tensor, nn


class SameViews(nn.Module):
    """Samples as they are: their views differ by the network's dropout alone (SimCSE, arXiv:2104.08821)."""

    def forward(self, x: Tensor, seed: Tensor) -> Tensor:
        """The same x (n, ...)."""
        return x


class CallersViews(nn.Module):
    """Views that a function of samples (n, ...) and their seeds (n,) makes."""

    def __init__(self, function: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor, seed: Tensor) -> Tensor:
        """What the function makes of x (n, ...)."""
        return self.function(x, seed)
