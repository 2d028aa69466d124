"""Batch normalisation with statistics and weights of its own for each of two domains (arXiv:1906.03950).

Both domains go through a network in one batch, the source's rows first.
"""

import copy
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from headstart.core import BadInput

_BatchNorm = nn.modules.batchnorm._BatchNorm


class DomainNorm(nn.Module):
    """A batch normalisation for the source's rows and one for the target's; both begin as a given one.

    Outside of `domains` all rows are the target's.
    """

    def __init__(self, norm: nn.Module) -> None:
        super().__init__()
        self.source, self.target = norm, copy.deepcopy(norm)
        self.rows: tuple[int, int] | None = None  # of the source, and in all, in the batch of now
        self.training = norm.training

    def forward(self, x: Tensor) -> Tensor:
        """The first rows of x (n, channels, ...) normalised as the source's, the others as the target's.

        Raises:
            BadInput: x has another number of rows than the batch, and is no multiple of it.
        """
        if self.rows is None:
            found: Tensor = self.target(x)
            return found
        source, of = self.rows
        if len(x) % of:
            raise BadInput(
                f"A batch normalisation is given {len(x)} rows of a batch of {of}, so which of them are the "
                f"source's is not known; domain-norm does not suit this network."
            )
        cut = source * (len(x) // of)
        return torch.cat([self.source(x[:cut]), self.target(x[cut:])])


def separate(module: nn.Module) -> int:
    """Put a `DomainNorm` in the place of every batch normalisation in `module`; how many there are."""
    made: dict[nn.Module, DomainNorm] = {}  # one that is there twice stays one
    for owner in [each for each in module.modules() if not isinstance(each, DomainNorm)]:
        for name, child in list(owner.named_children()):
            if isinstance(child, _BatchNorm):
                setattr(owner, name, made.setdefault(child, DomainNorm(child)))
    return len(made)


def of_target(module: nn.Module) -> nn.Module:
    """A copy of `module` with ordinary batch normalisations: those of the target."""
    twin = copy.deepcopy(module)
    for owner in list(twin.modules()):
        for name, child in list(owner.named_children()):
            if isinstance(child, DomainNorm):
                setattr(owner, name, child.target)
    return twin


@contextmanager
def domains(module: nn.Module, source: int, of: int) -> Iterator[None]:
    """Inside, batches of `of` rows go through `module` whose first `source` rows are the source's."""
    norms = [each for each in module.modules() if isinstance(each, DomainNorm)]
    try:
        for norm in norms:
            norm.rows = (source, of)
        yield
    finally:
        for norm in norms:
            norm.rows = None
