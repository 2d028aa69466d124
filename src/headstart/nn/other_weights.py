"""A module with other weights for one forward."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn
from torch.func import functional_call


def call_with_weights(module: nn.Module, weights: Mapping[str, Tensor], *inputs: Any) -> Any:
    """What a module gives with other tensors in the place of its own, which are as before afterwards.

    A tensor that several modules share is replaced in all of them. `torch.func.functional_call` of torch
    2.14 does so, too, but where one module has two places in another it leaves the new tensor in it for good
    (pytorch/pytorch#164759): here such a tensor is replaced once.

    Args:
        module: not changed.
        weights: parameters and buffers by name, one name of each is enough.
        inputs: of the module.
    """
    return functional_call(module, _everywhere(module, weights), inputs, tie_weights=False)


def _everywhere(module: nn.Module, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors under one name for each module and attribute that has them."""
    slots: dict[tuple[int, str], tuple[str, int]] = {}  # the name that stands for it, and the tensor there
    names: dict[str, tuple[int, str]] = {}
    for path, owner in module.named_modules(remove_duplicate=False):
        for held in (owner._parameters, owner._buffers):
            for attribute, tensor in held.items():
                if tensor is not None:
                    name = f"{path}.{attribute}" if path else attribute
                    names[name] = (id(owner), attribute)
                    slots.setdefault(names[name], (name, id(tensor)))
    shared: dict[int, list[str]] = {}
    for name, tensor_id in slots.values():
        shared.setdefault(tensor_id, []).append(name)
    return {
        name: value
        for given, value in weights.items()
        for name in (shared[slots[names[given]][1]] if given in names else [given])
    }
