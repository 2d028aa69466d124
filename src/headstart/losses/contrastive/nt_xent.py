"""The contrastive loss of SimCLR."""

import torch
from torch import Tensor
from torch.nn.functional import normalize

from headstart.losses.contrastive.logsumexp import CHUNK, row_logsumexp, self_logsumexp


def nt_xent(
    a: Tensor, b: Tensor, temperature: float | Tensor, own: slice | None = None, chunk: int = CHUNK
) -> Tensor:
    """Normalised temperature-scaled cross-entropy (), the mean over the 2n views (arXiv:2002.05709).

    The (2n, 2n) logits are never held as a whole. Each view is told from all others but itself.

    Args:
        a: embeddings (n, d) of first views.
        b: of the second views of the same rows.
        temperature: > 0, that cosines are divided by; a tensor gets its exact gradient.
        own: the rows whose views the mean is over, of several processes; None: all.
        chunk: views that are compared at once, >= 1; it changes time and memory alone.
    """
    z = normalize(torch.cat([a, b]).float(), dim=1)
    mine = own_views(own, len(a), z.device)
    partners = z.roll(len(a), 0)
    return (
        views_logsumexp(z, mine, 1 / temperature, chunk) - (z * partners)[mine].sum(1) / temperature
    ).mean()


def own_views(own: slice | None, n: int, device: torch.device) -> Tensor:
    """Places of both views of this process's rows among the 2n of n rows, int64 (m,)."""
    rows = torch.arange(n, device=device)[slice(None) if own is None else own]
    return torch.cat([rows, rows + n])


def views_logsumexp(z: Tensor, mine: Tensor, scale: float | Tensor, chunk: int = CHUNK) -> Tensor:
    """Logsumexp of each of the vectors z (n, d) at places `mine` (m,) with all others, float32 (m,)."""
    if len(mine) == len(z):
        return self_logsumexp(z, scale, chunk)
    return row_logsumexp(z[mine], z, scale, mine, chunk)
