"""What an adapter is: a few parameters of its own at one layer, whose own tensors stay as they are."""

from collections.abc import Mapping
from typing import Any, Self

import torch
from torch import Tensor, nn


class WeightAdapter(nn.Module):
    """An adapter in weight space: where the layer's tensors are read, they are read with what it adds.

    It acts however the layer is used, also by code that reads `layer.weight` and never calls the layer.

    Attributes:
        tensors: names of the layer's tensors that it changes, such as ("weight", "bias").
    """

    tensors: tuple[str, ...]

    @property
    def settings(self) -> Mapping[str, Any]:
        """Arguments of `for_layer` that build one alike; JSON values only."""
        raise NotImplementedError

    @classmethod
    def for_layer(cls, layer: nn.Module, **settings: Any) -> Self:
        """Build one for a layer, with the values of the start."""
        raise NotImplementedError

    def forward(self, name: str, tensor: Tensor) -> Tensor:
        """The tensor `name` of the layer as it is to be read, in the same shape."""
        raise NotImplementedError

    def folded(self, name: str, tensor: Tensor) -> Tensor:
        """The tensor that does the same without the adapter."""
        return self(name, tensor)  # type: ignore[no-any-return]


class ActivationAdapter(nn.Module):
    """An adapter in activation space: it changes what the layer returns, and acts where the layer is called.

    Attributes:
        tensors: names of the layer's tensors that it can be folded into; none where it is not linear.
    """

    tensors: tuple[str, ...] = ()

    @property
    def settings(self) -> Mapping[str, Any]:
        """Arguments of `for_layer` that build one alike; JSON values only."""
        raise NotImplementedError

    @classmethod
    def for_layer(cls, layer: nn.Module, **settings: Any) -> Self:
        """Build one for a layer, with the values of the start."""
        raise NotImplementedError

    def forward(self, given: Tensor, output: Tensor) -> Tensor:
        """The output (..., d) of the layer, for what was `given` to it, with what the adapter adds."""
        raise NotImplementedError

    def folded(self, name: str, tensor: Tensor) -> Tensor:
        """The tensor that does the same without the adapter; only of those in `tensors`."""
        raise NotImplementedError


Adapter = WeightAdapter | ActivationAdapter


def first_of(output: Any) -> Tensor:
    """The tensor that a layer returns, or the first one of several, as of an attention."""
    return output if isinstance(output, Tensor) else output[0]


def empty_like(tensor: Tensor, *shape: int) -> nn.Parameter:
    """A parameter of zeros of a shape, of the type and on the device of another tensor."""
    return nn.Parameter(torch.zeros(shape, dtype=tensor.dtype, device=tensor.device))
