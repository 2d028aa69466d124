"""The linear head, the default of most methods."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from .model import Head


class LinearHead(Head):
    """An affine layer: (n, width) -> (n, classes), or one output per tag or number."""

    def __init__(self, width: int, classes: int, deviation: float = 0.01) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(classes, width) * deviation)
        self.bias = nn.Parameter(torch.zeros(classes))

    @property
    def settings(self) -> Mapping[str, Any]:
        """Width and classes."""
        return {"width": self.weight.shape[1], "classes": self.weight.shape[0]}

    def forward(self, z: Tensor) -> Tensor:
        """Logits (n, classes) of features (n, width)."""
        return linear(z, self.weight, self.bias)

    def rescaled(self, mean: Tensor, deviation: Tensor) -> "LinearHead":
        """The same layer with shift and scale folded into its weights."""
        mean, deviation = mean.to(self.bias), deviation.to(self.bias)
        return self.of(self.weight.detach() * deviation[:, None], self.bias.detach() * deviation + mean)

    @classmethod
    def of(cls, weight: Tensor, bias: Tensor) -> "LinearHead":
        """With given weight (classes, width) and bias (classes,)."""
        head = cls(weight.shape[1], weight.shape[0])
        head.load_state_dict({"weight": weight.float(), "bias": bias.float()})
        return head.to(weight.device)
