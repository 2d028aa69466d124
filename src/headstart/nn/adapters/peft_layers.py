"""An adapter of one layer as PEFT's tensors, and back."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from headstart.core import BadInput, Mismatch

from .adapter import Adapter
from .convolution import is_convolution
from .kind import parameter_of
from .lora import LoraActivation, LoraWeight, LoraWeights
from .scaling import Scale
from .sites import linear_size, output_axis

Tensors = Mapping[str, Tensor]
DOWN, UP, MAGNITUDE, SCALES = "lora_A.weight", "lora_B.weight", "lora_magnitude_vector", "ia3_l"
OTHERWISE = "Save the set in headstart's own format."
EMBEDDED = ("lora_embedding_A", "lora_embedding_B")


class InPeft(NamedTuple):
    """An adapter as PEFT has it.

    Attributes:
        tensors: by what stands behind the path of the layer.
        rank: of LoRA; 0 of scales.
        scale: of LoRA's product.
        of_inputs: whether the layer's inputs are scaled, not its outputs.
    """

    tensors: dict[str, Tensor]
    rank: int = 0
    scale: float = 0.0
    of_inputs: bool = False


def read_lora(path: str, layer: nn.Module, tensors: Tensors, scale: float, called: bool) -> Adapter:
    """LoRA of a layer from PEFT's tensors.

    Args:
        path: of the layer.
        layer: a linear one, a convolution, an embedding or an `nn.MultiheadAttention`.
        tensors: by what stands behind the path.
        scale: of the product.
        called: whether the layer is called, so that activation space is open.

    Raises:
        BadInput: there is no such adapter here.
        Mismatch: the shapes are those of another layer.
    """
    magnitude = tensors.get(MAGNITUDE)
    names = EMBEDDED if isinstance(layer, nn.Embedding) else (DOWN, UP)
    if set(tensors) - {MAGNITUDE} != set(names):
        raise BadInput(
            f"The layer {path}, {type(layer).__name__}, has {', '.join(sorted(tensors))}, not "
            f"{' and '.join(names)}."
        )
    first, second = (tensors[name].flatten(1) for name in names)
    down, up = (second.T, first.T) if output_axis(layer) else (first, second)
    name = _tensor(path, layer)
    weight = parameter_of(layer, name)
    if (len(up), down.shape[1]) != (len(weight), weight[0].numel()) or len(down) != up.shape[1]:
        raise Mismatch(
            f"The layer {path} has a weight of shape {tuple(weight.shape)}, and the adapter's factors are "
            f"{tuple(tensors[names[0]].shape)} and {tuple(tensors[names[1]].shape)}: it is for another model."
        )
    found: LoraActivation | LoraWeight
    if isinstance(layer, nn.Linear) and called and magnitude is None:
        found = LoraActivation(weight, len(down), scale)
    else:
        found = LoraWeight(name, weight, len(down), scale, magnitude is not None, output_axis(layer))
    state = {"down": down, "up": up}
    found.load_state_dict(state if magnitude is None else {**state, "magnitude": magnitude.flatten()})
    return found


def read_scale(path: str, layer: nn.Module, tensors: Tensors) -> Scale:
    """(IA)3 of a linear layer from PEFT's vector, (outputs, 1) or of its inputs (1, inputs).

    Raises:
        BadInput: the layer is not linear.
        Mismatch: the length is that of another layer.
    """
    size = linear_size(layer)
    if set(tensors) != {SCALES} or size is None:
        raise BadInput(
            f"{path}, {type(layer).__name__}, is scaled by {', '.join(tensors)}; only linear layers can be "
            "scaled here. Merge the adapter in PEFT."
        )
    vector = tensors[SCALES]
    of_outputs = vector.shape[-1] == 1
    inputs, outputs = size
    if vector.numel() != (outputs if of_outputs else inputs):
        raise Mismatch(
            f"The layer {path} has {inputs} inputs and {outputs} outputs, and the adapter's scales are "
            f"{tuple(vector.shape)}: it is for another model."
        )
    axis = output_axis(layer) if of_outputs else 1 - output_axis(layer)
    found = Scale(_scaled(layer) if of_outputs else ("weight",), parameter_of(layer, "weight"), axis)
    found.load_state_dict({"scale": vector.flatten()})
    return found


def _scaled(layer: nn.Module) -> tuple[str, ...]:
    return ("weight", "bias") if layer._parameters.get("bias") is not None else ("weight",)


def in_peft(path: str, layer: nn.Module, adapter: Adapter) -> InPeft:
    """An adapter as PEFT has it.

    Raises:
        BadInput: PEFT has nothing like it; the layer is named.
    """
    if isinstance(adapter, LoraActivation | LoraWeight):
        return _lora(path, layer, adapter)
    if isinstance(adapter, Scale):
        return _scale(path, layer, adapter)
    what = "LoRA of several tensors" if isinstance(adapter, LoraWeights) else type(adapter).__name__
    raise BadInput(f"PEFT has no adapter like {what} at the layer {path}. {OTHERWISE}")


def _lora(path: str, layer: nn.Module, adapter: LoraActivation | LoraWeight) -> InPeft:
    name = _tensor(path, layer)
    if adapter.tensors != (name,):
        raise BadInput(f"PEFT adapts {name} of {path}, not {adapter.tensors[0]}. {OTHERWISE}")
    down, up = adapter.down.detach(), adapter.up.detach()
    if output_axis(layer):
        down, up = up.T, down.T
    weight = parameter_of(layer, name)
    if weight.ndim > 2:
        down, up = down.view(len(down), *weight.shape[1:]), up.view(*up.shape, *[1] * (weight.ndim - 2))
    tensors = dict(zip(EMBEDDED if isinstance(layer, nn.Embedding) else (DOWN, UP), (down, up), strict=True))
    magnitude = None if isinstance(adapter, LoraActivation) else adapter.magnitude
    if magnitude is not None:
        if name != "weight":
            raise BadInput(f"PEFT has no DoRA of {type(layer).__name__}, {path}. {OTHERWISE}")
        shape = (-1,) if weight.ndim == 2 else (1, -1, *[1] * (weight.ndim - 2))
        tensors[MAGNITUDE] = magnitude.detach().view(shape)
    return InPeft(tensors, len(down), adapter.scale)


def _scale(path: str, layer: nn.Module, adapter: Scale) -> InPeft:
    size = linear_size(layer)
    if size is None:
        raise BadInput(f"PEFT has no scales of {type(layer).__name__}, {path}. {OTHERWISE}")
    of_outputs = adapter.axis == output_axis(layer)
    inputs, outputs = size
    vector = torch.ones(outputs if of_outputs else inputs).to(adapter.scale)
    vector[adapter.part] = adapter.scale.detach()
    return InPeft({SCALES: vector[:, None] if of_outputs else vector[None]}, of_inputs=not of_outputs)


def _tensor(path: str, layer: Any) -> str:
    """The name of the weight that PEFT adapts in a layer.

    Raises:
        BadInput: PEFT adapts no such layer, or with another geometry.
    """
    if isinstance(layer, nn.MultiheadAttention) and layer.in_proj_weight is not None:
        return "in_proj_weight"
    if is_convolution(layer) and layer.groups > 1:
        raise BadInput(
            f"{path} is a convolution of {layer.groups} groups: in PEFT the first factor mixes all groups, "
            "so that the product is no weight of this layer. Leave it out."
        )
    if is_convolution(layer) or isinstance(layer, nn.Embedding) or linear_size(layer) is not None:
        return "weight"
    raise BadInput(f"PEFT has no LoRA of {type(layer).__name__}, {path}. Leave it out.")
