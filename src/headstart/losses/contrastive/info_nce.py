"""The contrastive loss of queries and their keys."""

import torch
from torch import Tensor
from torch.nn.functional import normalize

from headstart.losses.contrastive.logsumexp import CHUNK, row_logsumexp


def info_nce(
    q: Tensor,
    k: Tensor,
    temperature: float | Tensor,
    negatives: Tensor | None = None,
    own: slice | None = None,
    chunk: int = CHUNK,
) -> Tensor:
    """Mean cross-entropy () of finding the key of each query (arXiv:1807.03748).

    Args:
        q: queries (n, d).
        k: keys (n, d); that of query i is row i.
        temperature: > 0, that cosines are divided by.
        negatives: other keys (m, d) that each query is compared with, besides its own, such as those of a
            queue (arXiv:1911.05722); there may be none. None: the keys of the other queries.
        own: the rows whose queries the mean is over, of several processes; None: all.
        chunk: rows that are compared at once, >= 1; it changes time and memory alone.
    """
    rows = slice(None) if own is None else own
    q, k = normalize(q.float(), dim=1)[rows], normalize(k.float(), dim=1)
    positive = (q * k[rows]).sum(1) / temperature
    if negatives is None:
        return (row_logsumexp(q, k, 1 / temperature, chunk=chunk) - positive).mean()
    others = row_logsumexp(q, normalize(negatives.float(), dim=1), 1 / temperature, chunk=chunk)
    return (torch.logaddexp(positive, others) - positive).mean()
