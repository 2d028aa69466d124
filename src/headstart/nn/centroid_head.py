"""Classification by the most similar centroid."""

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn.functional import linear, normalize

from headstart.core import Head


class CentroidHead(Head):
    """Scaled cosine similarity to one centroid per class: (n, width) -> (n, classes)."""

    prior_free: ClassVar[bool] = True
    centre: Tensor  # (width,) subtracted from features first
    centroids: Tensor  # (classes, width), unit length
    scale: Tensor  # ()
    bias: Tensor  # (classes,) 0, or very negative for a class without a centroid

    def __init__(self, width: int, classes: int) -> None:
        super().__init__()
        self.register_buffer("centre", torch.zeros(width))
        self.register_buffer("centroids", torch.zeros(classes, width))
        self.register_buffer("scale", torch.ones(()))
        self.register_buffer("bias", torch.zeros(classes))

    @property
    def settings(self) -> Mapping[str, Any]:
        """Width and classes."""
        return {"width": self.centroids.shape[1], "classes": self.centroids.shape[0]}

    def forward(self, z: Tensor) -> Tensor:
        """Logits (n, classes) of features (n, width)."""
        return self.scale * linear(normalize(z - self.centre, dim=1), self.centroids) + self.bias
