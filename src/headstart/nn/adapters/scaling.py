"""(IA)3: keys, values and inner activations are scaled by vectors that learn (arXiv:2205.05638)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import torch
from torch import Tensor, nn

from headstart.core import BadInput

from .acting import Call, layers_in_use
from .adapter import WeightAdapter
from .kind import AdapterKind, Built, parameter_of
from .sites import TransformerLayer, linear_size, output_axis, transformer_layers

KEYS = ("k", "key", "k_proj", "key_proj", "k_lin", "Wk")
VALUES = ("v", "value", "v_proj", "value_proj", "v_lin", "Wv")


class Scale(WeightAdapter):
    """The outputs of a linear layer, or its inputs, times a vector; 1 at the start.

    Of outputs a bias is scaled too.
    """

    def __init__(self, tensors: tuple[str, ...], like: Tensor, axis: int, part: slice = slice(None)) -> None:
        """Build scales.

        Args:
            tensors: names of the weight and, if outputs are scaled and there is one, of the bias.
            like: the weight, a matrix.
            axis: of the weight that is scaled.
            part: of that axis.
        """
        super().__init__()
        self.tensors, self.axis, self.part = tensors, axis, part
        self.scale = nn.Parameter(torch.ones_like(like.detach().select(1 - axis, 0)[part]))

    @property
    def settings(self) -> Mapping[str, Any]:
        """The arguments of `for_layer`."""
        part = [self.part.start, self.part.stop]
        return {"tensors": list(self.tensors), "axis": self.axis, "part": part}

    @classmethod
    def for_layer(cls, layer: nn.Module, **settings: Any) -> Self:
        """Build one for a weight, the first of `tensors`; `part` are the ends of a slice."""
        tensors = tuple(settings["tensors"])
        return cls(tensors, parameter_of(layer, tensors[0]), settings["axis"], slice(*settings["part"]))

    def forward(self, name: str, tensor: Tensor) -> Tensor:
        """The tensor times the scales."""
        length = tensor.shape[self.axis] if tensor.ndim > 1 else len(tensor)
        factors: Tensor = self.scale
        if len(factors) < length:
            factors = torch.ones(length, dtype=tensor.dtype, device=tensor.device)
            factors[self.part] = self.scale
        return tensor * (factors[:, None] if tensor.ndim > 1 and self.axis == 0 else factors)


@dataclass(frozen=True, kw_only=True)
class IA3(AdapterKind):
    """Scales of the keys, the values and the inner activations of the layers of a transformer.

    They are found by shapes and, where queries, keys and values are layers of their own, by names. `at` is
    not asked.
    """

    title: ClassVar[str] = "(IA)3 scales"

    def build(self, module: nn.Module, call: Call | None) -> Iterator[Built]:
        """Three scales a layer, two of them in one adapter where keys and values are in one matrix.

        In a net that is no transformer, one for the outputs of each linear layer. Layers that the output does
        not depend on get none.
        """
        found = list(_built(module))
        in_use = set(layers_in_use(module, call, [one.layer for one in found]))
        return (one for one in found if one.layer in in_use)


def _built(module: nn.Module) -> Iterator[Built]:
    layers = list(transformer_layers(module))
    for path, linear in [] if layers else module.named_modules():
        if isinstance(linear, nn.Linear):
            yield Built(path, _of_outputs(linear, slice(None)))
    for layer in layers:
        attention: Any = module.get_submodule(layer.attention)
        if isinstance(attention, nn.MultiheadAttention):
            yield from _of_attention(layer.attention, attention)
        else:
            yield from _keys_and_values(module, layer)
        down = module.get_submodule(layer.feed_forward)
        yield Built(layer.feed_forward, Scale(("weight",), _weight(down), 1 - output_axis(down)))


def _of_attention(path: str, attention: nn.MultiheadAttention) -> Iterator[Built]:
    weight: Any = attention._parameters["in_proj_weight"]
    if weight is None:
        raise BadInput(
            f"{path} has keys and values of other widths than queries, which (IA)3 can't scale here."
        )
    tensors = tuple(
        name for name in ("in_proj_weight", "in_proj_bias") if attention._parameters[name] is not None
    )
    rows = slice(attention.embed_dim, 3 * attention.embed_dim)
    yield Built(path, Scale(tensors, weight, 0, rows))


def _keys_and_values(module: nn.Module, layer: TransformerLayer) -> Iterator[Built]:
    layers = {path: module.get_submodule(path) for path in layer.before}
    sizes = {path: linear_size(one) or (0, 0) for path, one in layers.items()}
    together = [path for path, (_, outputs) in sizes.items() if outputs == 3 * layer.width]
    if together:
        yield Built(together[0], _of_outputs(layers[together[0]], slice(layer.width, 3 * layer.width)))
        return
    for names in (KEYS, VALUES):
        found = [path for path in layers if path.rpartition(".")[2] in names]
        if len(found) != 1:
            shown = ", ".join(layers) or "none"
            raise BadInput(f"Which layers make keys and values can't be told by their names: {shown}.")
        yield Built(found[0], _of_outputs(layers[found[0]], slice(None)))


def _of_outputs(layer: nn.Module, part: slice) -> Scale:
    tensors = ("weight", "bias") if layer._parameters.get("bias") is not None else ("weight",)
    return Scale(tensors, _weight(layer), output_axis(layer), part)


def _weight(layer: nn.Module) -> Tensor:
    found: Any = layer._parameters["weight"]
    return found  # type: ignore[no-any-return]
