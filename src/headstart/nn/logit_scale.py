"""The learned temperature of cosines (arXiv:2103.00020), and the bias beside it (arXiv:2303.15343)."""

import math

import torch
from torch import Tensor, nn

MOST = 100.0  # that cosines are multiplied by; larger scales made training unstable


class LogitScale(nn.Module):
    """What cosines are multiplied by to be logits, learned on a log scale, and maybe what is added then."""

    def __init__(self, scale: float, bias: float | None = None) -> None:
        """Begin with a scale > 0, and a bias, or without one that is learned."""
        super().__init__()
        self.log_scale = nn.Parameter(torch.tensor(math.log(scale)))
        self.bias = None if bias is None else nn.Parameter(torch.tensor(float(bias)))

    def forward(self) -> tuple[Tensor, Tensor]:
        """Scale () and bias ()."""
        scale = self.log_scale.exp()
        return scale, torch.zeros_like(scale) if self.bias is None else self.bias

    def cap(self) -> None:
        """Set a scale above 100 to 100."""
        with torch.no_grad():
            self.log_scale.clamp_(max=math.log(MOST))
