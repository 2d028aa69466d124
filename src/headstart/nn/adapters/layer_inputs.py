"""What the layers of a transformer read: looked at in two forwards."""

import inspect
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from headstart.core import BadInput

from .acting import Call, probed
from .adapter import first_of

SAME = 1e-4  # of the largest number: a token that does not see the others is the same but for rounding


class Seen(NamedTuple):
    """What was seen of a layer."""

    given: Tensor  # (n, l, d), whatever the axis of the tokens
    axis: int  # of the tokens: 1, or 0
    causal: bool  # whether a token sees those before it alone
    hides: bool  # whether True in a mask hides: in torch's own attention


def layers_seen(module: nn.Module, call: Call, paths: Sequence[str]) -> dict[str, Seen]:
    """What the layers that are called read, by their paths, in the order of the calls.

    Args:
        module: any; nothing in it changes.
        call: a forward of it on a batch.
        paths: of layers of transformers.

    Raises:
        BadInput: one does not read tokens (n, l, d).
    """
    layers = {path: module.get_submodule(path) for path in paths}
    axes = {path: _axis(layer) for path, layer in layers.items()}
    given, firsts = _looked(module, call, layers, axes, disturbs=False)
    _, others = _looked(module, call, layers, axes, disturbs=True)
    path, last = next(reversed(firsts.items()), ("", torch.zeros(1)))
    same = path in others and bool((others[path] - last).abs().max() <= SAME * last.abs().max())
    return {
        path: Seen(x, axes[path], same and x.shape[1] > 1, _attends_by_torch(layers[path]))
        for path, x in given.items()
    }


def _looked(
    module: nn.Module, call: Call, layers: dict[str, nn.Module], axes: dict[str, int], disturbs: bool
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The inputs (n, l, d) of layers, and what they make of each first token (n, d).

    With `disturbs` all tokens but the first are others where the first layer reads them.
    """
    given: dict[str, Tensor] = {}
    firsts: dict[str, Tensor] = {}

    def before(path: str, layer: nn.Module, args: Any, kwargs: Any) -> Any:
        name = next(iter(inspect.signature(layer.forward).parameters))
        x = args[0] if args else kwargs[name]
        is_first = not given
        if path not in given:
            given[path] = _rows_first(path, x, axes[path])
        if not (disturbs and is_first) or x.is_nested:  # of a causal one no rows are nested
            return None
        moved = x + _noise(x, axes[path])
        return ((moved, *args[1:]), kwargs) if args else (args, {**kwargs, name: moved})

    def after(path: str, _layer: nn.Module, _args: Any, output: Any) -> None:
        firsts[path] = _rows_first(path, first_of(output), axes[path])[:, 0]

    handles = []
    for path, layer in layers.items():
        handles += [
            layer.register_forward_pre_hook(partial(before, path), with_kwargs=True),
            layer.register_forward_hook(partial(after, path)),
        ]
    try:
        with probed(module, training=False), torch.no_grad():
            call()
    finally:
        for handle in handles:
            handle.remove()
    return given, firsts


def _rows_first(path: str, x: Any, axis: int) -> Tensor:
    if isinstance(x, Tensor) and x.is_nested:
        return x.to_padded_tensor(0.0)
    if not isinstance(x, Tensor) or x.ndim != 3:
        shape = tuple(x.shape) if isinstance(x, Tensor) else type(x).__name__
        raise BadInput(
            f"The layer {path} reads {shape}, not rows of tokens. Take prefix tokens, which join the keys "
            "and values inside the attention."
        )
    return x if axis == 1 else x.transpose(0, 1)


def _noise(x: Tensor, axis: int) -> Tensor:
    """Numbers of the deviation of x for all tokens but the first."""
    generator = torch.Generator().manual_seed(0)
    noise = x.std() * torch.randn(x.shape, generator=generator).to(x)
    noise.select(axis, 0).zero_()
    return noise


def _axis(layer: nn.Module) -> int:
    """The axis of the tokens in what a layer reads: only torch's own attention may have rows second."""
    attention = next((one for one in layer.modules() if isinstance(one, nn.MultiheadAttention)), None)
    return 1 if attention is None or attention.batch_first else 0


def _attends_by_torch(layer: nn.Module) -> bool:
    return any(isinstance(one, nn.MultiheadAttention) for one in layer.modules())
