"""Cut off the head, and check that the rest outputs the head's input."""

import copy

import torch
from torch import Tensor, nn

from headstart.core import BadInput

from .anatomy import Anatomy
from .tracing import first_tensor, quiet


class Reached(Exception):
    """Carries the features out of a forward that would process them further."""

    def __init__(self, features: Tensor) -> None:
        super().__init__("the features are reached")
        self.features = features


class Exit(nn.Module):
    """Replaces the head and leaves the forward with the head's input."""

    def forward(self, x: Tensor) -> Tensor:
        """Never returns: raises `Reached` with x."""
        raise Reached(x)


def run(model: nn.Module, x: Tensor) -> Tensor:
    """Output of a cut model for x, returned or raised as `Reached`."""
    try:
        return first_tensor(model(x))
    except Reached as reached:
        return reached.features


def duplicate(module: nn.Module) -> nn.Module:
    """Deep copy; raises `BadInput` if impossible."""
    try:
        return copy.deepcopy(module)
    except (RuntimeError, TypeError) as reason:
        raise BadInput(
            f"{type(module).__name__} can't be copied ({reason}), and headstart never changes "
            "the caller's module. Keep non-leaf tensors and open files out of its attributes."
        ) from reason


def cut(model: nn.Module, parts: Anatomy, example: Tensor) -> None:
    """Replace the head of `model`, in place, so that the model outputs the head's input.

    The head is replaced by an identity, or by an `Exit` if the model processes the head's output
    further (a softmax, a reshape to the number of classes).
    """
    if parts.head is None:
        return
    eaten: list[Tensor] = []
    head = model.get_submodule(parts.head)
    handle = head.register_forward_pre_hook(lambda _, args: eaten.append(args[0].clone()))
    try:
        with quiet(model):
            run(model, example)
    finally:
        handle.remove()
    model.set_submodule(parts.head, nn.Identity())
    if not _gives(model, example, eaten[-1]):
        model.set_submodule(parts.head, Exit())


def _gives(model: nn.Module, example: Tensor, wanted: Tensor) -> bool:
    try:
        with quiet(model):
            given = run(model, example)
    except (RuntimeError, ValueError, TypeError, AssertionError, IndexError):
        return False  # layers after the head require the number of classes
    return given.shape == wanted.shape and torch.allclose(given, wanted, rtol=1e-4, atol=1e-5, equal_nan=True)
