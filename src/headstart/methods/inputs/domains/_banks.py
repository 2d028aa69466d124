"""Collecting the frozen features of two domains in one pass."""

import torch
from torch import Tensor

from headstart.core import Ctx, Labelled, Parts
from headstart.nn.bank import Bank

NEAR = 1e-4  # rows of features that differ by less than this share of their length are of one sample


def bank_of(parts: Parts, name: str) -> Bank:
    """The part of that name, which is a bank."""
    found = parts[name]
    assert isinstance(found, Bank)
    return found


def collect(parts: Parts, name: str, rows: Labelled, ctx: Ctx, once: bool = False) -> None:
    """Add the frozen features of labelled rows to a bank; with `once`, no row a second time."""
    features, labels = ctx.gather(parts["backbone"](rows.x).float()), ctx.gather(rows.y)
    weights = None if rows.weight is None else ctx.gather(rows.weight)
    bank = bank_of(parts, name)
    if once:
        new = _new(features, labels, bank)
        features, labels = features[new], labels[new]
        weights = None if weights is None else weights[new]
    bank.add(features, labels, weights)


def _new(features: Tensor, labels: Tensor, bank: Bank) -> Tensor:
    """Which rows (n,) are neither in the bank nor before in the batch."""
    known, told = (torch.cat(pair) for pair in zip(bank.content, (features, labels), strict=True))
    # products of matrices are not exact enough to tell that a distance is 0
    apart = torch.cdist(features, known, compute_mode="donot_use_mm_for_euclid_dist")
    near = apart <= NEAR * features.norm(dim=1, keepdim=True)
    same = (labels.reshape(len(labels), 1, -1) == told.reshape(1, len(told), -1)).all(2)
    before = int(bank.filled) + torch.arange(len(features), device=features.device)
    earlier = torch.arange(len(known), device=features.device)[None] < before[:, None]
    repeated: Tensor = (near & same & earlier).any(1)
    return ~repeated
