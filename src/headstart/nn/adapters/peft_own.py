"""A model's own tensors in PEFT's folders: modules saved whole, and biases of wrapped layers."""

import re
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from headstart.core import BadInput, Mismatch

WRAPPED = "base_layer"  # PEFT's name for a layer in the module that it puts around it


def plain_name(name: str) -> str:
    """A name in the model without the modules that PEFT put around its layers."""
    return name.replace(f".{WRAPPED}.", ".")


def read_own(model: nn.Module, saved: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Buffers, and copies of parameters that learn; of wrapped layers only what differs from the model's."""
    own: dict[str, Tensor] = {name: buffer.clone() for name, buffer in model.named_buffers()}
    state = model.state_dict(keep_vars=True)
    for key, tensor in saved.items():
        name = plain_name(key)
        mine = state[name]
        if mine.shape != tensor.shape:
            raise Mismatch(
                f"The folder has {name} of shape {tuple(tensor.shape)}, and the model of "
                f"{tuple(mine.shape)}: it was made for another one, such as one with more classes or words."
            )
        value = tensor.to(mine)
        if not isinstance(mine, nn.Parameter):
            own[name] = value.clone()
        elif name == key or not torch.equal(value, mine):
            own[name] = nn.Parameter(value.clone())
    return own


def saved_own(
    model: nn.Module, wrapped: Mapping[str, str], own: Mapping[str, Tensor], config: dict[str, Any]
) -> dict[str, Tensor]:
    """The tensors of a set's own parameters and buffers; `config` is told how they are saved.

    PEFT saves modules whole, and biases of the layers that it wraps.

    Args:
        model: without the set.
        wrapped: what PEFT wraps for each layer with an adapter, by their paths.
        own: by name in the model; buffers that are as in the model are left out.
        config: of the folder.

    Raises:
        BadInput: a parameter belongs to a module that can't be saved whole.
    """
    buffers = dict(model.named_buffers())
    changed = [
        name for name, one in own.items() if name not in buffers or not torch.equal(one, buffers[name])
    ]
    found: dict[str, Tensor] = {}
    whole: list[str] = []
    for name in changed:
        path, _, last = name.rpartition(".")
        if path in wrapped and last == "bias" and config["peft_type"] == "LORA":
            config["bias"] = "lora_only"
            found[f"{wrapped[path]}.{WRAPPED}{path.removeprefix(wrapped[path])}.bias"] = own[name]
        elif not path or any(_conflicts(path, layer) for layer in wrapped):
            raise BadInput(
                f"PEFT saves modules whole, and {name} belongs to {path or 'the model itself'}, which has "
                "adapters. Save the set in headstart's own format."
            )
        else:
            whole.append(path)
    modules = [path for path in dict.fromkeys(whole) if not any(path.startswith(f"{one}.") for one in whole)]
    for path in modules:
        for name, one in model.get_submodule(path).state_dict().items():
            found[f"{path}.{name}"] = own.get(f"{path}.{name}", one)
    config["modules_to_save"] = modules or None
    return found


def _conflicts(module: str, layer: str) -> bool:
    """Whether PEFT takes a layer for one in a module that it saves whole."""
    return re.match(rf"(^|.*\.){module}($|\..*)", layer) is not None
