"""Batch texts by length, to compute little padding."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

TOKENS = 1024  # per chunk on a CPU, to fit into its cache


def by_length(function: Callable[[Tensor], Tensor], ids: Tensor, tokens: int = TOKENS) -> Tensor:
    """Apply `function` to ids (n, length), padded with -1, in chunks of rows of similar length.

    Args:
        function: of ids (m, its longest), to (m, ...); a row's result may not depend on the others.
        ids: int64 (n, length), n >= 1.
        tokens: at most in a chunk, padding included; one row may have more.

    Returns:
        (n, ...) in the order of the rows.
    """
    lengths = (ids >= 0).sum(1)
    order = lengths.argsort(stable=True)
    found = [function(ids[rows, :longest]) for rows, longest in _shares(order, lengths[order], tokens)]
    joined = torch.cat(found)
    result = torch.empty_like(joined)
    result[order.to(joined.device)] = joined
    return result


def _shares(order: Tensor, lengths: Tensor, tokens: int) -> Iterator[tuple[Tensor, int]]:
    """Chunks of rows with their longest length, from short to long."""
    known = lengths.clamp(min=1).tolist()
    start = 0
    for end in range(1, len(known) + 1):
        if end == len(known) or (end + 1 - start) * known[end] > tokens:
            yield order[start:end], known[end - 1]
            start = end
