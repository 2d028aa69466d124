"""Stochastic depth: whole branches are dropped at random, independently for each sample."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn


class DropPath(nn.Module):
    """In training, sets a row to 0 with probability `drop` in [0, 1) and scales the rest by 1/(1 - drop)."""

    def __init__(self, drop: float) -> None:
        super().__init__()
        self.drop = drop

    def forward(self, x: Tensor) -> Tensor:
        """Drop rows of x (n, ...); the expectation is x."""
        if not self.training or not self.drop:
            return x
        kept = torch.rand(len(x), *[1] * (x.ndim - 1), device=x.device) >= self.drop
        return x * kept / (1 - self.drop)


def set_depth(model: nn.Module, drop: float) -> int:
    """Enable stochastic depth, in place, wherever the architecture supports it; return the number of places.

    These are timm's, torchvision's and transformers' own modules for it, and attributes
    `drop_path...` that are an identity so far. The l-th of L drops with probability drop * l / L
    (arXiv:1603.09382).
    """
    places = list(_places(model))
    for number, (owner, name, known) in enumerate(places, 1):
        share = drop * number / len(places)
        if known:
            setattr(getattr(owner, name), known, share)
        else:
            setattr(owner, name, DropPath(share))
    return len(places)


def _places(model: nn.Module) -> Iterator[tuple[nn.Module, str, str]]:
    """Owner and name of each place, and the name of its probability; "" where it is an identity."""
    for owner in list(model.modules()):
        for name, child in list(owner.named_children()):
            if isinstance(child, nn.Identity) and name.startswith("drop_path"):
                yield owner, name, ""
            elif known := _known(child):
                yield owner, name, known
        if vars(owner).get("drop_path", ...) is None:
            yield owner, "drop_path", ""


def _known(module: nn.Module) -> str:
    kind = type(module).__name__
    name = "p" if kind == "StochasticDepth" else "drop" if isinstance(module, DropPath) else "drop_prob"
    return name if kind.endswith(("DropPath", "StochasticDepth")) and hasattr(module, name) else ""
