"""Projection heads: what embeddings are compared in, thrown away after the pre-training."""

from itertools import pairwise

from torch import Tensor, nn
from torch.nn.functional import linear, normalize


def projection(width: int, hidden: int, out: int) -> nn.Sequential:
    """A linear layer, a rectifier and a linear layer (arXiv:2002.05709)."""
    return nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, out))


def normalised_projection(width: int, hidden: int, out: int, layers: int = 2) -> nn.Sequential:
    """Linear layers, each but the last followed by a batch normalisation and a rectifier.

    Args:
        width: of the input.
        hidden: width of the hidden layers.
        out: width of the output.
        layers: number of linear layers, >= 2.
    """
    widths = [width, *[hidden] * (layers - 1)]
    inner = [
        module
        for before, after in pairwise(widths)
        for module in (nn.Linear(before, after, bias=False), nn.BatchNorm1d(after), nn.ReLU())
    ]
    return nn.Sequential(*inner, nn.Linear(hidden, out))


class Prototypes(nn.Module):
    """Cosines of an input with `count` learned vectors (arXiv:2104.14294)."""

    def __init__(self, width: int, count: int) -> None:
        super().__init__()
        self.directions = nn.Linear(width, count, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Cosines (n, count) of x (n, width)."""
        return linear(normalize(x, dim=1), normalize(self.directions.weight, dim=1))


def prototype_head(width: int, hidden: int, bottleneck: int, out: int) -> nn.Sequential:
    """Three linear layers with GELU between them, then cosines with `out` prototypes."""
    layers = [nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, hidden), nn.GELU()]
    return nn.Sequential(*layers, nn.Linear(hidden, bottleneck), Prototypes(bottleneck, out))
