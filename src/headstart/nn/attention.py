"""Attention pooling: a learned query decides which places of a block's output are read."""

import torch
from torch import Tensor, nn


class AttentionReaders(nn.Module):
    """h readers side by side, each a query and a linear layer: (n, p, d) -> (h, n, outputs).

    A reader weighs the places by the softmax of their product with its query, over the root of d, and reads
    its outputs off the weighted mean (the attentive probe of arXiv:2202.03026 with one query and one head,
    and without projections). All start at zero: at the plain mean over places, with nothing read off it, so
    that no random number is needed.
    """

    def __init__(self, readers: int, width: int, outputs: int) -> None:
        super().__init__()
        self.query = nn.Parameter(torch.zeros(readers, width))
        self.weight = nn.Parameter(torch.zeros(readers, outputs, width))
        self.bias = nn.Parameter(torch.zeros(readers, outputs))

    def shares(self, places: Tensor, there: Tensor) -> Tensor:
        """How much each reader takes of each place that is there (n, p): (n, h, p), whose sums are 1."""
        match = (places @ self.query.T).mT / places.shape[2] ** 0.5
        taken: Tensor = match.masked_fill(~there[:, None], -torch.inf).softmax(2)
        return taken

    def forward(self, places: Tensor, there: Tensor) -> Tensor:
        """Outputs (h, n, outputs) of places (n, p, d), of which `there` (n, p) are no padding."""
        read = (self.shares(places, there) @ places).transpose(0, 1)  # (h, n, d)
        return torch.baddbmm(self.bias[:, None], read, self.weight.mT)
