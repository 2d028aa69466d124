"""Trace one forward of a model: which modules run, with which shapes and parameters."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils.hooks import RemovableHandle

LOOKS = {"__get__", "__set__", "dim", "size", "numel", "is_floating_point"}  # attributes without values


@dataclass
class Trace:
    """Record of one forward.

    Attributes:
        calls: names of the layers that own parameters, each time they ran; mere containers of
            such layers are not layers.
        shapes: the shape of the last output of every module that ran.
        read: ids of the parameters that any operation used.
        last: input and output of the last call in `calls`.
        output: of the model.
    """

    calls: list[str] = field(default_factory=list)
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    read: set[int] = field(default_factory=set)
    last: tuple[Tensor | None, Tensor | None] = (None, None)
    output: Tensor | None = None


def first_tensor(output: Any) -> Tensor:
    """The main tensor in the output of a model or layer.

    A tensor is itself. Of a mapping or an object with fields: its `logits`, else its
    `pooler_output`, else its `last_hidden_state`, else its first tensor.

    Raises:
        TypeError: there is no tensor in it.
    """
    found = _find_tensor(output)
    if found is None:
        raise TypeError(f"no tensor in an output of type {type(output).__name__}")
    return found


def _find_tensor(output: Any) -> Tensor | None:
    if isinstance(output, Tensor):
        return output
    for name in ("logits", "pooler_output", "last_hidden_state"):
        value = output.get(name) if isinstance(output, dict) else getattr(output, name, None)
        if isinstance(value, Tensor):
            return value
    values = output.values() if isinstance(output, dict) else output
    if isinstance(values, (list, tuple)) or isinstance(output, dict):
        return next((t for t in map(_find_tensor, values) if t is not None), None)
    return None


class Watch(TorchFunctionMode):
    """Calls `seen` with every tensor that an operation takes, wherever the operation is called."""

    def __init__(self, seen: Callable[[Tensor], None]) -> None:
        super().__init__()
        self.seen = seen

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Report the tensors among the arguments and carry out `func`."""
        if getattr(func, "__name__", "") not in LOOKS:
            for tensor in tensors((args, kwargs)):
                self.seen(tensor)
        return func(*args, **(kwargs or {}))


def tensors(value: Any) -> Iterator[Tensor]:
    """All tensors in nested tuples, lists and dicts."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (tuple, list, dict)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from tensors(item)


@contextmanager
def quiet(model: nn.Module) -> Iterator[None]:
    """Context of evaluation mode without gradients, with flags and random state restored after."""
    flags = [(module, module.training) for module in model.modules()]
    try:
        for module, _ in flags:
            module.training = False
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            yield
    finally:
        for module, training in flags:
            module.training = training


def _output(model: nn.Module, x: Tensor) -> Tensor:
    return first_tensor(model(x))


def trace(model: nn.Module, x: Tensor, call: Callable[[nn.Module, Tensor], Tensor] = _output) -> Trace:
    """One forward of `model` on x (n, ...), in evaluation mode and without gradients.

    The model is restored, also if its forward raises: training flags, hooks, the
    global random state.
    """
    seen = Trace()
    handles: list[RemovableHandle] = []
    try:
        for name, module in model.named_modules():
            handles.append(module.register_forward_hook(_note(seen, name)))
        with quiet(model), Watch(lambda tensor: seen.read.add(id(tensor))):
            seen.output = call(model, x)
    finally:
        for handle in handles:
            handle.remove()
    seen.read &= {id(parameter) for parameter in model.parameters()}
    return seen


def _note(seen: Trace, name: str) -> Callable[[nn.Module, Any, Any], None]:
    def note(module: nn.Module, args: Any, output: Any) -> None:
        out = _find_tensor(output)
        if out is not None:
            seen.shapes[name] = tuple(out.shape)
        below = name + "." if name else ""
        container = bool(seen.calls) and seen.calls[-1].startswith(below)
        owns = next(module.parameters(recurse=False), None) is not None
        if owns and (not container or seen.calls[-1] == name):
            seen.calls.append(name)
            seen.last = (_find_tensor(args), out)

    return note
