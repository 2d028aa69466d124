"""Attention pooling of a block's output with a learned query."""

import torch
from torch import Tensor, nn


class AttentionReaders(nn.Module):
    """h readers side by side, each a query and a linear layer: (n, p, d) -> (h, n, outputs).

    A reader weighs the places by the softmax of their product with its query, over the root of d, and applies
    its linear layer to the weighted mean (the attentive probe of arXiv:2202.03026 with one query, one head
    and no projections). All parameters start at zero, that is at the mean over places and outputs of 0,
    so that no random number is needed.
    """

    def __init__(self, readers: int, width: int, outputs: int) -> None:
        super().__init__()
        self.query = nn.Parameter(torch.zeros(readers, width))
        self.weight = nn.Parameter(torch.zeros(readers, outputs, width))
        self.bias = nn.Parameter(torch.zeros(readers, outputs))

    def shares(self, places: Tensor, there: Tensor) -> Tensor:
        """Attention weights (n, h, p) of each reader over the valid places (n, p), with sums of 1."""
        match = (places @ self.query.T).mT / places.shape[2] ** 0.5
        taken: Tensor = match.masked_fill(~there[:, None], -torch.inf).softmax(2)
        return taken

    def forward(self, places: Tensor, there: Tensor) -> Tensor:
        """Outputs (h, n, outputs) of places (n, p, d), of which `there` (n, p) are not padding."""
        read = (self.shares(places, there) @ places).transpose(0, 1)  # (h, n, d)
        return torch.baddbmm(self.bias[:, None], read, self.weight.mT)
