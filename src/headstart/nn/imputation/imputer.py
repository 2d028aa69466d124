"""What hides parts of samples and predicts them, whatever the kind of the samples."""

import torch
from torch import Tensor, nn

from headstart.core import Backbone, BadInput
from headstart.core.draws import uniforms
from headstart.core.filled import Filled

GUESSES = 5  # most likely fillings that are shown


class Imputer(nn.Module):
    """Hides a share of the parts of samples, and predicts them from what an encoder makes of the rest.

    A mask is True where a part is hidden, and a function of the row's seed.

    Attributes:
        chance: the loss of a decoder that sees nothing of a sample; None: not known.
    """

    chance: float | None = None

    def forward(self, backbone: Backbone, x: Tensor, seed: Tensor) -> dict[str, Tensor]:
        """The terms of the loss, each () and a mean over the rows of x (n, ...) with seeds (n,)."""
        raise NotImplementedError

    def filled(self, backbone: Backbone, x: Tensor, seed: Tensor) -> list[Filled]:
        """What was hidden of each row of x (n, ...), and what is filled in."""
        raise NotImplementedError


def check_share(hide: float, parts: int, what: str) -> None:
    """Raise `BadInput` if none or all of so many parts, such as "columns", would be hidden."""
    count = round(hide * parts)
    if not 0 < count < parts:
        how = "nothing" if count == 0 else "everything"
        other = "larger" if count == 0 else "smaller"
        raise BadInput(
            f"hide is {hide}, by which {how} of {parts} {what} would be hidden. Give a {other} share."
            if parts > 1
            else f"A sample has too few {what} to predict some of them from others: {parts}."
        )


def hidden_parts(seed: Tensor, hide: float, there: Tensor) -> Tensor:
    """Which parts of each row are hidden, bool (n, parts): the rounded share of those that are there.

    At least one and not all of a row are hidden; none, if it has fewer than two.

    Args:
        seed: int64 (n,).
        hide: share, in (0, 1).
        there: bool (n, parts), which parts may be hidden.
    """
    noise = uniforms(seed, there.shape[1]).masked_fill(~there, 2.0)
    ranks = noise.argsort(dim=1, stable=True).argsort(dim=1)
    total = there.sum(1)
    count = (hide * total).round().clamp(min=1).minimum(total - 1)
    return ranks < count[:, None]


def mean_of_hidden(loss: Tensor, hidden: Tensor) -> Tensor:
    """() of the losses (n, parts) of parts: the mean over the hidden ones of a row, then over rows.

    A row of which nothing is hidden counts as 0.
    """
    kept = torch.where(hidden, loss, 0.0).sum(1)
    return (kept / hidden.sum(1).clamp(min=1)).mean()


def perceptron(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    """A light decoder: one hidden layer."""
    return nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, outputs))
