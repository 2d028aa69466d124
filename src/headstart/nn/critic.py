"""The domain critic, a classifier of two domains."""

import torch
from torch import Tensor, nn


class Critic(nn.Module):
    """Two hidden layers and one logit, of P(source): (n, width) -> (n,)."""

    def __init__(self, width: int, hidden: int = 128) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *(nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, 1))
        )

    def forward(self, z: Tensor) -> Tensor:
        """Logits (n,) of features (n, width)."""
        return torch.squeeze(self.layers(z), 1)
