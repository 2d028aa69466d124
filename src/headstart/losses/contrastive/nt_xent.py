"""The contrastive loss of SimCLR."""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize


def nt_xent(a: Tensor, b: Tensor, temperature: float | Tensor) -> Tensor:
    """Normalised temperature-scaled cross-entropy (): the mean over the 2n views (arXiv:2002.05709).

    Args:
        a: embeddings (n, d) of first views.
        b: of the second views of the same rows.
        temperature: > 0, that cosines are divided by.
    """
    z = normalize(torch.cat([a, b]).float(), dim=1)
    logits = z @ z.T / temperature
    logits = logits.masked_fill(torch.eye(len(z), dtype=torch.bool, device=z.device), -torch.inf)
    return cross_entropy(logits, torch.arange(len(z), device=z.device).roll(len(a)))
