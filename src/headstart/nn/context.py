"""Context of class prompts that learns, in front of a frozen encoder of texts (arXiv:2109.01134)."""

import torch
from torch import Tensor, nn

from headstart.core.text_tower import ClassPrompts, TextTower

from .centroid_head import CentroidHead
from .zero_shot import class_embeddings, zero_shot_head


class Context(nn.Module):
    """The vectors of context tokens, and the classes that they describe together with the classes' names.

    Attributes:
        vectors: (tokens, d), the same for all classes, or (classes, tokens, d).
    """

    def __init__(self, tower: TextTower, prompts: ClassPrompts, initial: Tensor) -> None:
        super().__init__()
        self.tower, self.ids, self.places = tower, prompts.ids, prompts.context
        self.vectors = nn.Parameter(initial.clone())
        self.register_buffer("names", prompts.vectors.clone(), persistent=False)

    names: Tensor

    def embeddings(self) -> Tensor:
        """Class embeddings (classes, width) of unit length."""
        first, last = self.places.start, self.places.stop
        classes = len(self.names)
        context = self.vectors.expand(classes, -1, -1)
        vectors = torch.cat([self.names[:, :first], context, self.names[:, last:]], 1)
        return class_embeddings(torch.split(self.tower.encode(self.ids, vectors), 1))

    def head(self) -> CentroidHead:
        """The head of scaled cosines with the classes as they are now."""
        return zero_shot_head(self.embeddings(), self.tower.scale)

    def forward(self, z: Tensor) -> Tensor:
        """Logits (n, classes) of features (n, width)."""
        cosines = nn.functional.normalize(z, dim=1) @ self.embeddings().T
        return self.tower.scale * cosines
