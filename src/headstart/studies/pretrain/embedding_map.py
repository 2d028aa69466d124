"""The map of the held-out rows: their embeddings in two dimensions."""

import torch
from torch import Tensor
from torch.nn.functional import normalize

from headstart.studies.pretrain import MapPoint
from headstart.studies.pretrain.watching import Watched

MOST = 400  # rows on the map


def map_of(watched: Watched, features: Tensor) -> tuple[str, list[MapPoint]]:
    """How the map was made, and its rows."""
    rows, data = watched.held[:MOST], watched.session.data
    spots = principal(normalize(features[:MOST].double(), dim=1))
    return "PCA", [
        MapPoint(
            data.items[row],
            data.classes[int(data.labels[row])] if watched.classes else "",
            round(float(x), 5),
            round(float(y), 5),
        )
        for row, (x, y) in zip(rows.tolist(), spots.tolist(), strict=True)
    ]


def principal(x: Tensor) -> Tensor:
    """The first two principal components (n, 2) of x (n, d), each with its largest entry positive."""
    centred = x - x.mean(0)
    u, s, _ = torch.linalg.svd(centred, full_matrices=False)
    found = torch.zeros(len(x), 2, dtype=x.dtype)
    two = (u * s)[:, :2]
    largest = two.gather(0, two.abs().argmax(0, keepdim=True)).sign()
    found[:, : two.shape[1]] = two * torch.where(largest == 0, 1.0, largest)
    return found
