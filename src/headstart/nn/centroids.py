"""Class centroids of unlabelled features, weighted by predicted probabilities (arXiv:2002.08546)."""

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize, one_hot


class Centroids(nn.Module):
    """Running sums of unit features by class: first by the model's probabilities, then by the nearest class.

    A 1 is appended to each feature vector before normalisation to unit length, so that the origin is a point.

    Attributes:
        pseudo_labels: (n,) of the rows of this step: the class of the nearest centroid. They are
            not kept after the step, and not saved.
    """

    soft: Tensor  # (classes, width + 1) by probabilities
    hard: Tensor  # (classes, width + 1) by the nearest of `soft`
    pseudo_labels: Tensor

    def __init__(self, width: int, classes: int) -> None:
        super().__init__()
        self.register_buffer("soft", torch.zeros(classes, width + 1))
        self.register_buffer("hard", torch.zeros(classes, width + 1))
        self.register_buffer("pseudo_labels", torch.zeros(0, dtype=torch.int64), persistent=False)

    def follow(self, features: Tensor, probabilities: Tensor, momentum: float) -> None:
        """Sums <- momentum * sums + those of features (n, width) with probabilities (n, classes)."""
        rows = unit(features)
        self.soft.mul_(momentum).add_(probabilities.T @ rows)
        member = one_hot(nearest(rows, self.soft), len(self.soft)).to(rows)
        self.hard.mul_(momentum).add_(member.T @ rows)

    def set_pseudo_labels(self, features: Tensor) -> None:
        """Set the pseudo-labels of features (n, width): the class of the nearest centroid."""
        self.pseudo_labels = nearest(unit(features), self.hard)


def unit(features: Tensor) -> Tensor:
    """Features (n, width) with an appended 1, normalised to unit length: (n, width + 1)."""
    return normalize(torch.cat([features, features.new_ones(features.shape[0], 1)], 1), dim=1)


def nearest(rows: Tensor, sums: Tensor) -> Tensor:
    """The class (n,) of the largest cosine of rows (n, d) to sums (classes, d), empty ones excluded."""
    cosines = rows @ normalize(sums, dim=1).T
    return cosines.masked_fill((sums == 0).all(1), -torch.inf).argmax(1)
