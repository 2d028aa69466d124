"""What all views have in common."""

from torch import Tensor, nn


class Views(nn.Module):
    """Makes random views of samples, each a function of its row's seed.

    Attributes:
        caution: what is doubtful about the views, as a sentence; "": nothing.
    """

    caution: str = ""

    def forward(self, x: Tensor, seed: Tensor) -> Tensor:
        """A view (n, ...) of each of the samples x (n, ...), by seeds int64 (n,)."""
        raise NotImplementedError


def identical(why: str) -> str:
    """The caution that all views of a sample are the same."""
    return f"All views of a sample are identical, since {why}: there is nothing to learn from comparing them."
