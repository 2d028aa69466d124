"""The loss of an in-context network on tables whose labels are all known."""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from .cells import Scale, drawn_in, moments
from .network import BINS, REACH, InContextNetwork


def bin_edges(device: torch.device | str | None = None) -> Tensor:
    """The inner edges (BINS - 1,) of the bins of standardised numbers."""
    return torch.linspace(-REACH, REACH, BINS - 1, device=device)


def bin_centres(device: torch.device | str | None = None) -> Tensor:
    """The centres (BINS,) of the bins; the outer two are as far from the last edges as the others."""
    half = REACH / (BINS - 2)
    return torch.linspace(-REACH - half, REACH + half, BINS, device=device)


def in_context_loss(
    net: InContextNetwork,
    x: Tensor,
    named: Tensor,
    y: Tensor,
    tags: Tensor,
    support: int,
    blind: bool = False,
) -> Tensor:
    """Mean cross-entropy of the rows after the support: of classes, or of bins of numbers.

    Rows whose class has no row in the support are left out.

    Args:
        net: the network.
        x: (tasks, rows, columns), NaN: missing.
        named: (tasks, columns) bool: which columns hold categories.
        y: (tasks, rows) class indices, int64, or numbers.
        tags: (tasks, columns, TAGS).
        support: rows that labels are shown of.
        blind: whether the layers see no labels of classes.
    """
    cells = Scale.of(x[:, :support], named, net.sizes.codes).cells(x)
    if not y.is_floating_point():
        out = net(cells, tags, y[:, :support], blind)
        losses = cross_entropy(out.transpose(1, 2), y[:, support:], reduction="none")
        known = (y[:, support:, None] == y[:, None, :support]).any(2)
        return (losses * known).sum() / known.sum().clamp_min(1)
    mean, deviation = moments(y[:, :support, None])
    label = drawn_in((y - mean[..., 0]) / deviation[..., 0])
    out = net(cells, tags, label[:, :support]).float()
    target = torch.bucketize(label[:, support:].contiguous(), bin_edges(y.device))
    return cross_entropy(out.transpose(1, 2), target)
