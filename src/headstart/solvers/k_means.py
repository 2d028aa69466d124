"""K-means clusters of rows (Lloyd 1982, doi:10.1109/TIT.1982.1056489), begun by k-means++."""

import torch
from torch import Tensor

from headstart.core import BadInput, derive_seed
from headstart.core.draws import uniforms

ROUNDS = 100


def k_means(x: Tensor, clusters: int, seed: int = 0) -> Tensor:
    """The cluster int64 (n,) of each row of x (n, d); some clusters may be empty where rows are alike.

    Args:
        x: rows of finite numbers.
        clusters: 1 <= clusters <= n.
        seed: of the first centres.

    Raises:
        BadInput: there are fewer rows than clusters.
    """
    if not 1 <= clusters <= len(x):
        raise BadInput(f"{len(x)} rows can't be put into {clusters} clusters.")
    x = x.double()
    centres = _spread(x, clusters, seed)
    labels = torch.full((len(x),), -1, device=x.device)
    for _ in range(ROUNDS):
        found = torch.cdist(x, centres).argmin(1)
        if torch.equal(found, labels):
            break
        labels = found
        counts = labels.bincount(minlength=clusters)
        sums = torch.zeros_like(centres).index_add_(0, labels, x)
        centres = torch.where(counts[:, None] > 0, sums / counts.clamp_min(1)[:, None], centres)
    return labels


def _spread(x: Tensor, clusters: int, seed: int) -> Tensor:
    """First centres far apart: each is drawn by its squared distance to those before (k-means++)."""
    draws = uniforms(torch.tensor([derive_seed(seed, "k-means")]), clusters)[0].to(x.device)
    chosen = [int(draws[0] * len(x))]
    nearest = (x - x[chosen[0]]).square().sum(1)
    for draw in draws[1:]:
        total = nearest.cumsum(0)
        place = int(torch.searchsorted(total, draw * total[-1])) if total[-1] > 0 else 0
        chosen.append(min(place, len(x) - 1))
        nearest = torch.minimum(nearest, (x - x[chosen[-1]]).square().sum(1))
    return x[chosen]
