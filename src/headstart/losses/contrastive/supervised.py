"""The contrastive loss of labelled views."""

import torch
from torch import Tensor
from torch.nn.functional import normalize

from headstart.losses.contrastive.logsumexp import CHUNK
from headstart.losses.contrastive.nt_xent import own_views, views_logsumexp


def supervised_contrastive(
    a: Tensor,
    b: Tensor,
    y: Tensor,
    temperature: float | Tensor,
    own: slice | None = None,
    weight: Tensor | None = None,
    chunk: int = CHUNK,
) -> Tensor:
    """Cross-entropy () of a view with all others of its class, averaged outside the logarithm.

    It is L_out of Khosla and others (arXiv:2004.11362) without their factor T / T_base, the mean over the 2n
    views. The mean over the positives is linear in them: one product with the sum of a class.

    Args:
        a: embeddings (n, d) of first views.
        b: of the second views of the same rows.
        y: int64 (n,), the classes of the rows, >= 0.
        temperature: > 0, that cosines are divided by.
        own: the rows whose views the mean is over, of several processes; None: all.
        weight: float32 (n,) >= 0, of the rows, 1 on average over the data: both as positives and in the mean,
            which is still over 2n. What counts nothing is told apart as any other. None: all count the same.
        chunk: views that are compared at once, >= 1; it changes time and memory alone.
    """
    z, classes = normalize(torch.cat([a, b]).float(), dim=1), y.repeat(2)
    mine = own_views(own, len(a), z.device)
    counted = z.new_ones(len(z)) if weight is None else weight.float().repeat(2)
    own_share = counted[:, None] * z
    sums = z.new_zeros(int(y.max()) + 1, z.shape[1]).index_add(0, classes, own_share)
    counts = z.new_zeros(len(sums)).index_add(0, classes, counted)
    others = (counts[classes] - counted).clamp(min=torch.finfo(counts.dtype).tiny)  # 0 where none counts
    positives = (sums[classes] - own_share) / others[:, None]
    logits = (z * positives)[mine].sum(1) / temperature
    return ((views_logsumexp(z, mine, 1 / temperature, chunk) - logits) * counted[mine]).mean()
