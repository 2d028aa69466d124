"""A model that shares the parameters of another one, and tensors that stand in for its own for a while."""

import copy
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from headstart.core import BadInput


@torch.inference_mode(False)
def twin_of(model: nn.Module) -> nn.Module:
    """A model whose parameters are the other's tensors and need no gradient; its buffers are copies."""
    given = [*model.named_parameters(), *model.named_buffers()]
    found: nn.Module = copy.deepcopy(model, {id(one): _alias(one) for _, one in given})
    return found


def _alias(tensor: Tensor) -> Tensor:
    """The same numbers as a parameter without a gradient; of a buffer, which a forward may change, a copy."""
    if isinstance(tensor, nn.Parameter):
        return nn.Parameter(tensor.detach(), requires_grad=False)
    return tensor.detach().clone()


@torch.inference_mode(False)
def copied_buffers(model: nn.Module) -> dict[str, Tensor]:
    """Copies of a model's buffers, by name."""
    return {name: value.clone() for name, value in model.named_buffers()}


def joined(sets: Mapping[str, Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """The tensors of several sets by their names in a model; of buffers those of the last.

    Raises:
        BadInput: several sets have the same parameter.
    """
    found: dict[str, Tensor] = {}
    for own in sets.values():
        for key, value in own.items():
            if isinstance(found.get(key), nn.Parameter):
                raise BadInput(
                    f"{', '.join(sets)} have copies of {key} each, so they can't be used together."
                )
            found[key] = value
    return found


def swap(model: nn.Module, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Put tensors into the places of a model's parameters and buffers; returns those that were there."""
    before: dict[str, Tensor] = {}
    for key, value in tensors.items():
        path, _, name = key.rpartition(".")
        module = model.get_submodule(path)
        places: Any = module._parameters if name in module._parameters else module._buffers
        before[key], places[name] = places[name], value
    return before
