"""The map of the held-out rows: their embeddings in two dimensions."""

from importlib import import_module
from importlib.util import find_spec

import torch
from torch import Tensor
from torch.nn.functional import normalize

from headstart.studies.pretrain import MapPoint
from headstart.studies.pretrain.watching import Watched

MOST = 400  # rows on the map
NEIGHBOURS = 15  # of a row, by UMAP


def map_of(watched: Watched, features: Tensor) -> tuple[str, list[MapPoint]]:
    """How the map was made, and its rows."""
    rows, data = watched.held[:MOST], watched.session.data
    x = normalize(features[:MOST].double(), dim=1)
    name = "UMAP" if len(x) > NEIGHBOURS and find_spec("umap") is not None else "PCA"
    spots = principal(x) if name == "PCA" else unrolled(x, watched.seed)
    return name, [
        MapPoint(
            data.named(row),
            data.classes[int(data.labels[row])] if watched.classes else "",
            round(float(x), 5),
            round(float(y), 5),
        )
        for row, (x, y) in zip(rows.tolist(), spots.tolist(), strict=True)
    ]


def unrolled(x: Tensor, seed: int) -> Tensor:
    """Two dimensions (n, 2) by UMAP (arXiv:1802.03426) of x (n, d) of unit length."""
    reducer = import_module("umap").UMAP(
        n_neighbors=NEIGHBOURS, metric="cosine", random_state=seed % 2**31, n_jobs=1
    )
    return torch.from_numpy(reducer.fit_transform(x.numpy())).double()


def principal(x: Tensor) -> Tensor:
    """The first two principal components (n, 2) of x (n, d), each with its largest entry positive."""
    centred = x - x.mean(0)
    u, s, _ = torch.linalg.svd(centred, full_matrices=False)
    found = torch.zeros(len(x), 2, dtype=x.dtype)
    two = (u * s)[:, :2]
    largest = two.gather(0, two.abs().argmax(0, keepdim=True)).sign()
    found[:, : two.shape[1]] = two * torch.where(largest == 0, 1.0, largest)
    return found
