"""The output layer that a model was trained with, kept beside the backbone that it was cut off."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from torch import Tensor, nn


@dataclass(frozen=True, eq=False)
class Classifier:
    """A linear layer from features to the logits of classes, which nobody changes: a copy is itself.

    Attributes:
        weight: (classes, width).
        bias: (classes,).
        classes: names of the classes, all different; their numbers, as texts, where they are not known.
    """

    weight: Tensor
    bias: Tensor
    classes: tuple[str, ...]

    @classmethod
    def of(cls, layer: nn.Module, classes: Sequence[str] = ()) -> Self | None:
        """That of a linear layer, or of a convolution of size 1; None of another, or one of other names."""
        weight, bias = getattr(layer, "weight", None), getattr(layer, "bias", None)
        if not isinstance(weight, Tensor) or weight.ndim < 2 or weight[0].numel() != weight.shape[1]:
            return None
        flat = weight.detach().flatten(1).float()
        names = tuple(classes) or tuple(map(str, range(len(flat))))
        if len(names) != len(flat):
            return None
        return cls(flat, flat.new_zeros(len(flat)) if bias is None else bias.detach().float(), names)

    def __deepcopy__(self, _memo: Any) -> "Classifier":
        return self
