"""Samples of several batches as one, for one forward instead of several."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import pad

from headstart.core import BadData

FILL = -1  # what short texts are filled up with


def joined(batches: Sequence[Tensor]) -> Tensor:
    """The rows of all batches (n_i, ...) under each other; ids of texts (n_i, length) may differ in length.

    Raises:
        BadData: samples have different shapes or types.
    """
    kinds = {(x.dtype, tuple(x.shape[1:])) for x in batches}
    if len(kinds) == 1:
        return torch.cat(list(batches))
    if all(x.ndim == 2 and x.dtype == torch.int64 for x in batches):
        longest = max(x.shape[1] for x in batches)
        return torch.cat([pad(x, (0, longest - x.shape[1]), value=FILL) for x in batches])
    named = " and ".join(sorted(f"{dtype} {shape}" for dtype, shape in kinds))
    raise BadData(
        f"One network can't take both domains: their samples are {named}. Bring them into one shape."
    )
