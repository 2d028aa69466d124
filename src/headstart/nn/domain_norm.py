"""Domain-specific batch normalisation: separate statistics and weights for two domains (arXiv:1906.03950).

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
    """A batch normalisation for source rows and one for target rows; both start as copies of a given one.

    Outside of `domains` all rows are target rows.
    """

    def __init__(self, norm: nn.Module) -> None:
        super().__init__()
        self.source, self.target = norm, copy.deepcopy(norm)
        self.rows: tuple[int, int] | None = None  # source rows and all rows of the current batch
        self.training = norm.training

    def forward(self, x: Tensor) -> Tensor:
        """Normalise the first rows of x (n, channels, ...) as source rows, the others as target rows.

        Raises:
            BadInput: the number of rows of x is not a multiple of the batch's.
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
    """Replace every batch normalisation in `module` by a `DomainNorm`; return their number."""
    made: dict[nn.Module, DomainNorm] = {}  # a shared module stays shared
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
    """Context in which batches of `of` rows start with `source` source rows."""
    norms = [each for each in module.modules() if isinstance(each, DomainNorm)]
    try:
        for norm in norms:
            norm.rows = (source, of)
        yield
    finally:
        for norm in norms:
            norm.rows = None
