"""Example inputs for one forward of a model, given or guessed."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from headstart.core import BadInput, Preprocess, derive_seed

from .small_convnet import SmallConvNet

Example = Tensor | NDArray[Any]


def like(example: Mapping[str, Any]) -> Tensor:
    """Example inputs of a saved shape and dtype."""
    dtype = getattr(torch, example["dtype"])
    if not dtype.is_floating_point:
        return torch.zeros(example["shape"], dtype=dtype)
    return noise(*example["shape"]).to(dtype)


def noise(*shape: int) -> Tensor:
    """Fixed standard normal numbers."""
    generator = torch.Generator().manual_seed(derive_seed("example"))
    return torch.randn(*shape, generator=generator)


def as_example(given: Any) -> Tensor | None:
    """An example as a tensor.

    Raises:
        BadInput: it is neither a tensor nor an array of numbers.
    """
    if isinstance(given, np.ndarray) and given.dtype.kind in "biuf":
        # float64 is numpy's own choice, not the caller's
        return torch.from_numpy(given.astype(np.float32) if given.dtype == np.float64 else given)
    if isinstance(given, Tensor) or given is None:
        return given
    kind = (
        f"an array of {given.dtype}" if isinstance(given, np.ndarray) else f"of type {type(given).__name__}"
    )
    raise BadInput(f"example is {kind}; it must be a tensor or an array of numbers, a batch (n, ...).")


def example_for(model: nn.Module, given: Example | None, preprocess: Preprocess | None) -> Tensor:
    """At most two example inputs, on the model's device; guessed if none are given."""
    parameter = next(model.parameters(), None)
    device = parameter.device if parameter is not None else torch.device("cpu")
    given = as_example(given)
    if given is not None:
        if given.ndim < 2:
            raise BadInput(f"example must be a batch (n, ...), not of shape {tuple(given.shape)}.")
        given = given[:2].detach().clone().to(device)
        if given.dtype != torch.uint8 or preprocess is None:
            return given
        mean, std = (torch.tensor(v, device=device).view(3, 1, 1) for v in _moments(preprocess))
        return (given / 255 - mean) / std
    shape = (3, *preprocess.size) if preprocess else _guess(model)
    example = noise(2, *shape).to(device)
    wide = parameter is not None and parameter.is_floating_point()
    return example.to(parameter.dtype) if parameter is not None and wide else example


def _moments(preprocess: Preprocess) -> tuple[tuple[float, ...], tuple[float, ...]]:
    return preprocess.mean, preprocess.std


def _guess(model: nn.Module) -> tuple[int, ...]:
    """Guess the shape of one input from the first layer with parameters."""
    if isinstance(model, SmallConvNet):
        return model.inputs.shape
    for module in model.modules():
        if next(module.parameters(recurse=False), None) is None:
            continue
        if isinstance(module, nn.Conv2d):
            return module.in_channels, 224, 224
        if isinstance(module, nn.Linear):
            return (module.in_features,)
    raise BadInput(
        f"The shape of the inputs of {type(model).__name__} can't be guessed. "
        "Give example= a batch of inputs."
    )
