"""Texts of mixed length: those of a length together, so that little is computed for what fills up."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

TOKENS = 1024  # at a time on a CPU: more at once fall out of its cache


def by_length(function: Callable[[Tensor], Tensor], ids: Tensor, tokens: int = TOKENS) -> Tensor:
    """`function` of ids (n, length), filled up with -1, in shares of rows that are about as long.

    Args:
        function: of ids (m, its longest), to (m, ...); a row's result may not depend on the others.
        ids: int64 (n, length), n >= 1.
        tokens: in a share at most, filled up ones among them; one row may have more.

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
    """Rows and their longest length, from short to long."""
    known = lengths.clamp(min=1).tolist()
    start = 0
    for end in range(1, len(known) + 1):
        if end == len(known) or (end + 1 - start) * known[end] > tokens:
            yield order[start:end], known[end - 1]
            start = end
