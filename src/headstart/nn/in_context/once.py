"""What is computed once from the tensors of a module, until one of them changes."""

from collections.abc import Callable
from itertools import chain
from typing import Any, Generic, TypeVar

import torch
from torch import nn

T = TypeVar("T")


class Once(Generic[T]):
    """Keeps a result of a module; while gradients are computed, or a model is exported, it keeps none."""

    def __init__(self) -> None:
        self._kept: tuple[tuple[int, ...], T] | None = None

    def __call__(self, module: nn.Module, make: Callable[[], T]) -> T:
        """What `make` gives for the tensors that the module has now."""
        if torch.is_grad_enabled() or torch.compiler.is_exporting() or torch.compiler.is_compiling():
            return make()
        version = _version(module)
        if self._kept is None or self._kept[0] != version:
            self._kept = version, make()
        return self._kept[1]

    def __deepcopy__(self, memo: dict[int, Any]) -> "Once[T]":
        return Once()  # a copy of the module may change by itself


def _version(module: nn.Module) -> tuple[int, ...]:
    """Numbers that change with any tensor of a module."""
    inside = (chain(one._parameters.values(), one._buffers.values()) for one in module.modules())
    tensors = tuple(tensor for tensor in chain.from_iterable(inside) if tensor is not None)
    versions = (0 if one.is_inference() else one._version for one in tensors)
    return (*versions, *(one.data_ptr() for one in tensors))
