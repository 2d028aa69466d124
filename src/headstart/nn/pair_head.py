"""The head of a Siamese network: p(y | r[f(x1), f(x2)]) for a comparison r of two embeddings."""

from typing import Literal, get_args

import torch
from torch import Tensor, nn

Comparison = Literal["concat", "difference", "product", "all"]
COMPARISONS: tuple[str, ...] = get_args(Comparison)


def compared(a: Tensor, b: Tensor, how: Comparison) -> Tensor:
    """What two embeddings (n, d) are compared by.

    Args:
        a: of the first samples.
        b: of the second.
        how: "concat" puts them side by side, (n, 2d); "difference" is b - a and "product" that of each
            feature, (n, d); "all" has the three side by side, (n, 4d).
    """
    both = {"concat": (a, b), "difference": (b - a,), "product": (a * b,), "all": (a, b, b - a, a * b)}
    return torch.cat(both[how], 1)


class PairHead(nn.Module):
    """Logits of the relation between two samples, of their embeddings by one encoder."""

    def __init__(self, width: int, hidden: int, classes: int, how: Comparison) -> None:
        """For embeddings (n, width), with one hidden layer."""
        super().__init__()
        self.how = how
        wide = width * {"concat": 2, "all": 4}.get(how, 1)
        self.body = nn.Sequential(nn.Linear(wide, hidden), nn.ReLU(), nn.Linear(hidden, classes))

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """Logits (n, classes) of a, b (n, width)."""
        found: Tensor = self.body(compared(a, b, self.how))
        return found
