"""Bottleneck adapters: down to a few numbers, a non-linearity, up again and a skip (arXiv:1902.00751)."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from torch import Tensor, nn
from torch.nn import functional as F

from headstart.core import BadInput

from .acting import Call, layers_called, layers_in_use
from .adapter import ActivationAdapter, empty_like
from .kind import AdapterKind, Built
from .sites import linear_size, transformer_layers, weights_in

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "gelu": F.gelu,
    "relu": F.relu,
    "silu": F.silu,
    "tanh": F.tanh,
}


class Bottleneck(ActivationAdapter):
    """h + up(act(down(h))) of a layer's output h (..., d); identity at the start, as `up` is 0.

    It has 2 m d + d + m parameters, where m is the size.
    """

    def __init__(self, like: Tensor, width: int, size: int, activation: str = "gelu") -> None:
        """Build an adapter.

        Args:
            like: a tensor of the type and on the device that it is to have.
            width: d of the layer's output, >= 1.
            size: m, >= 1.
            activation: "gelu", "relu", "silu" or "tanh".
        """
        super().__init__()
        self.down, self.down_bias = empty_like(like, size, width), empty_like(like, size)
        self.up, self.up_bias = empty_like(like, width, size), empty_like(like, width)
        nn.init.kaiming_uniform_(self.down, nonlinearity="relu")
        self.activation = activation

    @property
    def settings(self) -> Mapping[str, Any]:
        """The arguments of `for_layer`."""
        size, width = self.down.shape
        return {"width": width, "size": size, "activation": self.activation}

    @classmethod
    def for_layer(cls, layer: nn.Module, **settings: Any) -> Self:
        """Build one for the output of a layer with parameters."""
        return cls(next(layer.parameters()), **settings)

    def forward(self, given: Tensor, output: Tensor) -> Tensor:
        """The output (..., d) with what the adapter adds."""
        small = ACTIVATIONS[self.activation](F.linear(output, self.down, self.down_bias))
        return output + F.linear(small, self.up, self.up_bias)


@dataclass(frozen=True, kw_only=True)
class Bottlenecks(AdapterKind):
    """Two bottleneck adapters a layer of a transformer: after its attention and its feed-forward net.

    Attributes:
        size: numbers in the middle, >= 1.
        activation: "gelu", "relu", "silu" or "tanh".
    """

    title: ClassVar[str] = "Bottleneck adapters"
    size: int = 48
    activation: str = "gelu"

    def build(self, module: nn.Module, call: Call | None) -> Iterator[Built]:
        """For layers named by `at` one each; where there is no transformer, one after each linear layer."""
        if self.at:
            paths = list(dict.fromkeys(one.layer for one in weights_in(module, self.at)))
        else:
            found = [one[:2] for one in transformer_layers(module)]
            paths = [path for pair in found for path in pair] or list(_linear_layers(module))
            paths = layers_in_use(module, call, paths)
        called = layers_called(module, call) if call else None
        for path in paths:
            width, like = _width(module, path)
            spot = path if called is None else _called_at(path, called)
            yield Built(spot, Bottleneck(like, width, self.size, self.activation))


def _linear_layers(module: nn.Module) -> Iterator[str]:
    return (path for path, layer in module.named_modules() if linear_size(layer))


def _width(module: nn.Module, path: str) -> tuple[int, Tensor]:
    """Outputs of a linear layer or an attention, and one of its tensors."""
    layer: Any = module.get_submodule(path)
    size = linear_size(layer)
    if size is None and not isinstance(layer, nn.MultiheadAttention):
        raise BadInput(
            f"{path} is no linear layer and no attention, so that no bottleneck adapter can follow it."
        )
    return size[1] if size else layer.embed_dim, next(layer.parameters())


def _called_at(path: str, called: set[str]) -> str:
    """The layer, or the module around it that is called where the layer itself is not."""
    spot = path
    while spot not in called and "." in spot:
        spot = spot.rpartition(".")[0]
    return spot if spot in called else path
