"""Registry of serialisable heads by name, and a head with other class priors."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from headstart.core import Head, LinearHead, Unknown

from .centroid_head import CentroidHead
from .expert_head import ExpertHead
from .in_context.head import InContextHead
from .neighbour_head import NeighbourHead
from .stacked_head import StackedHead
from .tf_idf_head import TfIdfHead
from .tree_head import TreeHead
from .voting_head import VotingHead


class AdjustedHead(Head):
    """Another head with the log of class shares taken off its logits: (n, width) -> (n, classes).

    Logit adjustment after training (Menon et al. 2021, arXiv:2007.07314): less the log of the shares that
    the classes had in training, softmax gives the probabilities for classes that are equally frequent.

    Args:
        inner: name of the other head.
        inner_settings: its settings.
        classes: number of classes.
    """

    offset: Tensor  # (classes,) taken off the logits

    def __init__(self, inner: str, inner_settings: Mapping[str, Any], classes: int) -> None:
        super().__init__()
        self.inner = make_head(inner, inner_settings)
        self.register_buffer("offset", torch.zeros(classes))

    @property
    def settings(self) -> Mapping[str, Any]:
        """Name and settings of the other head, and the number of classes."""
        inner = {"inner": type(self.inner).__name__, "inner_settings": dict(self.inner.settings)}
        return inner | {"classes": len(self.offset)}

    def forward(self, z: Tensor) -> Tensor:
        """Adjusted logits (n, classes) of features (n, width)."""
        logits: Tensor = self.inner(z)
        return logits - self.offset

    @classmethod
    def of(cls, head: Head, counts: Tensor, strength: float) -> "AdjustedHead":
        """Adjust a head by the rows (classes,) of each class in training.

        Args:
            head: stays as it is, and shares its weights.
            counts: of a class without rows half a row.
            strength: times the log of the share, > 0; 1 makes the classes equally frequent.
        """
        rows = counts.double().clamp(min=0.5)
        return cls.shifted(head, strength * (rows / rows.sum()).log())

    @classmethod
    def shifted(cls, head: Head, offset: Tensor) -> "AdjustedHead":
        """A head, which shares its weights, with an offset (classes,) taken off its logits."""
        adjusted = cls(type(head).__name__, head.settings, len(offset))
        adjusted.inner = head
        adjusted.offset.copy_(offset)
        return adjusted.to(next(iter(head.state_dict().values())).device)


HEADS: dict[str, type[Head]] = {
    kind.__name__: kind
    for kind in (
        LinearHead,
        CentroidHead,
        NeighbourHead,
        StackedHead,
        TreeHead,
        TfIdfHead,
        VotingHead,
        ExpertHead,
        InContextHead,
        AdjustedHead,
    )
}


def make_head(name: str, settings: Mapping[str, Any]) -> Head:
    """Build a head from `type(head).__name__` and `head.settings`; its tensors are loaded afterwards."""
    if name not in HEADS:
        raise Unknown("head", name, HEADS)
    return HEADS[name](**settings)
