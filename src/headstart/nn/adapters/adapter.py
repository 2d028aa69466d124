"""What an adapter is: a few parameters of its own at one layer, whose own tensors stay as they are."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import torch
from torch import Tensor, nn


class Adapter(nn.Module):
    """What both kinds have in common.

    Attributes:
        tensors: names of the layer's tensors, such as ("weight", "bias"), that it can be folded into; none
            where it is not linear.
    """

    tensors: tuple[str, ...] = ()

    @property
    def settings(self) -> Mapping[str, Any]:
        """Arguments of `for_layer` that build one alike; JSON values only. None where the layer says all."""
        return {}

    @classmethod
    def for_layer(cls, layer: nn.Module, **settings: Any) -> Self:
        """Build one for a layer, with the values of the start."""
        return cls(layer, **settings)

    def folded(self, name: str, tensor: Tensor) -> Tensor:
        """The tensor that does the same without the adapter; only of those in `tensors`."""
        raise NotImplementedError

    def join(self, others: Sequence["Adapter"]) -> None:
        """Learn which adapters it was built with, itself among them, in the order of their layers."""


class WeightAdapter(Adapter):
    """An adapter in weight space: where the layer's `tensors` are read, they are read with what it adds.

    It acts however the layer is used, also by code that reads `layer.weight` and never calls the layer.
    """

    def forward(self, name: str, tensor: Tensor) -> Tensor:
        """The tensor `name` of the layer as it is to be read, in the same shape."""
        raise NotImplementedError

    def folded(self, name: str, tensor: Tensor) -> Tensor:
        """The tensor as it is read."""
        return self(name, tensor)  # type: ignore[no-any-return]


class ActivationAdapter(Adapter):
    """An adapter in activation space: it changes what a layer returns, and acts where that is called."""

    def forward(self, given: Tensor, output: Tensor) -> Tensor:
        """The output (..., d) of the layer, for what was `given` to it, with what the adapter adds."""
        raise NotImplementedError


class AroundAdapter(Adapter):
    """An adapter around the call of a layer: it may change what the layer is given, and what it returns."""

    def forward(self, call: Callable[..., Any], given: Mapping[str, Any]) -> Any:
        """What the layer returns, with what the adapter adds.

        Args:
            call: the layer without this adapter.
            given: the arguments of the layer by name, its input first.
        """
        raise NotImplementedError


def first_of(output: Any) -> Tensor:
    """The tensor that a layer returns, or the first one of several, as of an attention."""
    return output if isinstance(output, Tensor) else output[0]


def empty_like(tensor: Tensor, *shape: int) -> nn.Parameter:
    """A parameter of zeros of a shape, of the type and on the device of another tensor."""
    return nn.Parameter(torch.zeros(shape, dtype=tensor.dtype, device=tensor.device))
