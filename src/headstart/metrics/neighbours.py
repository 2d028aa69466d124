"""Classes by the nearest neighbours among embeddings."""

import torch
from torch import Tensor
from torch.nn.functional import normalize, one_hot

from headstart.core import BadData

NEIGHBOURS = 20  # of each row, as usual for embeddings of few data
TEMPERATURE = 0.07  # that cosines are divided by
CHUNK = 2**24  # cosines at once, so that memory does not grow with the product of the rows


def vote(  # two sets of rows and how they are compared
    queries: Tensor,
    bank: Tensor,
    labels: Tensor,
    classes: int,
    k: int = NEIGHBOURS,
    temperature: float = TEMPERATURE,
) -> Tensor:
    """Shares of the votes (m, classes) of the k nearest rows by cosine, each with weight exp(cosine / T).

    As of Wu et al. (arXiv:1805.01978). The largest cosine is taken off first, so that no weight overflows.

    Args:
        queries: (m, d), m >= 0.
        bank: (n, d), n >= 1, of rows whose classes are known.
        labels: int64 (n,) in [0, classes).
        classes: how many there are.
        k: neighbours of a row, >= 1; all of the bank if it has fewer.
        temperature: > 0; the smaller, the more the nearest count.

    Raises:
        BadData: the bank is empty, or widths or numbers of labels differ.
    """
    if not len(bank) or len(labels) != len(bank) or queries.shape[1:] != bank.shape[1:]:
        raise BadData(
            f"Neighbours of {tuple(queries.shape)} among {tuple(bank.shape)} with {len(labels)} labels: take "
            "a row or more of the same width, each with its label."
        )
    known, one = normalize(bank.float(), dim=1), one_hot(labels, classes).float()
    found = []
    for some in torch.split(normalize(queries.float(), dim=1), max(1, CHUNK // len(bank))):
        cosine, nearest = (some @ known.T).topk(min(k, len(bank)), dim=1)
        weight = torch.softmax(cosine / temperature, 1)
        found.append((weight[:, :, None] * one[nearest]).sum(1))
    return torch.cat(found) if found else queries.new_zeros(0, classes)
