"""Change the input resolution: position embeddings are interpolated, class tokens keep every byte."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from headstart.core import BadInput, Unknown
from headstart.models.operations.editor import M, ModelEditor, as_parameter, swap
from headstart.models.tracing import trace

from .report import Report

MODES = {1: "linear", 2: "bicubic", 3: "trilinear"}  # by the number of dimensions in space
CLASS = 8  # class tokens at most
SIZES = ("image_size", "img_size")  # attribute names of the required input size


def new_size(
    model: M, size: Sequence[int], *, position: str | None = None, example: Tensor | None = None
) -> tuple[M, Report]:
    """Copy a model for inputs of another spatial size.

    A position embedding is a parameter (1, tokens, d) that belongs to no layer, with a token for
    each place that the first layer gives, after class tokens if there are any. It is interpolated
    over these places (linear, bicubic or trilinear, antialiased where it shrinks in two
    dimensions); class tokens keep every byte. Models of timm do it by their own `set_input_size`.
    A convolutional network needs no change, and is only run.

    Args:
        model: a backbone, a model with a head, or any module.
        size: of the new inputs in space, such as (height, width).
        position: the parameter's name; None finds it.
        example: old inputs (n, channels, ...) for the forward of a plain module.

    Raises:
        BadInput: the model can't take that size, or there is no such parameter.
    """
    editor = ModelEditor(model, example)
    old = editor.view.example
    size = tuple(int(one) for one in size)
    if len(size) != old.ndim - 2 or min(size, default=0) < 1:
        raise BadInput(
            f"size is {size}; inputs of shape {tuple(old.shape)} need {old.ndim - 2} sizes of 1 or more."
        )
    inputs = _resized(old, size)
    resize = getattr(editor.view.root, "set_input_size", None)
    if callable(resize) and position is None:
        how = _by_itself(editor, resize, size)
    else:
        how = _interpolated(editor, position, inputs)
    editor.answer(inputs)
    mapping = editor.mapping
    if mapping is not None and mapping.preprocess is not None and len(size) == 2:
        mapping.preprocess = replace(mapping.preprocess, size=(size[0], size[1]))
    title = f"inputs of {_x(old.shape[2:])} -> {_x(size)}"
    note = () if how else ("no position embedding: nothing had to change",)
    operation = {"do": "new_size", "size": list(size), "position": position}
    return editor.finish(title, how, *note, operation=operation, example=inputs)


def _x(size: Sequence[int]) -> str:
    return "x".join(map(str, size))


def _resized(x: Tensor, size: tuple[int, ...]) -> Tensor:
    """Inputs of another size, the old ones repeated or cut."""
    for axis, length in enumerate(size, start=2):
        x = x.index_select(axis, torch.arange(length, device=x.device) % x.shape[axis])
    return x


def _by_itself(editor: ModelEditor[M], resize: Any, size: tuple[int, ...]) -> dict[str, str]:
    """Use the model's own method, as in timm's models; flags of parameters are restored."""
    flags = {name: p.requires_grad for name, p in editor.model.named_parameters()}
    try:
        resize(img_size=size)
    except Exception as reason:
        raise BadInput(
            f"{type(editor.view.root).__name__} can't take inputs of {_x(size)}: {reason}."
        ) from reason
    for name, parameter in editor.model.named_parameters():
        parameter.requires_grad_(flags.get(name, True))
    return dict.fromkeys(flags, "interpolated by the model's own set_input_size")


def _interpolated(editor: ModelEditor[M], position: str | None, inputs: Tensor) -> dict[str, str]:
    """Replace position embeddings in the copy; return the origin of each."""
    how: dict[str, str] = {}
    old, tried = editor.view.example, position is not None or _candidates(editor.model)
    grid = _grid(editor, old) if tried else ()
    _insist(editor.view.root, tuple(old.shape[2:]), tuple(inputs.shape[2:]))
    wanted = _grid(editor, inputs) if tried else ()
    for found in _positions(editor, position, grid) if tried else ():
        if grid == wanted:
            break
        fresh = as_parameter(found, stretch(found.detach(), grid, wanted))
        swap(editor.model, found, fresh)
        how |= dict.fromkeys(editor.aliases(fresh), f"interpolated from {_x(grid)} places to {_x(wanted)}")
    return how


def _positions(editor: ModelEditor[M], position: str | None, grid: tuple[int, ...]) -> list[nn.Parameter]:
    places = math.prod(grid)
    if position is None:
        return [p for p in _candidates(editor.model) if _fits(p, places)]
    named = dict(editor.model.named_parameters())
    found = named.get(position, named.get(editor.view.prefix + position))
    if found is None:
        raise Unknown("parameter", position, named)
    if not _fits(found, places):
        raise BadInput(
            f"{position} is {tuple(found.shape)}; a position embedding is (1, tokens, d) with at least the "
            f"{places} tokens of {_x(grid)} places."
        )
    return [found]


def _candidates(model: nn.Module) -> list[nn.Parameter]:
    """Parameters (1, tokens, d) that are not the weights of a convolution."""
    owners = (m for m in model.modules() if not isinstance(m, nn.modules.conv._ConvNd))
    found = (p for owner in owners for p in owner.parameters(recurse=False))
    return list(dict.fromkeys(p for p in found if p.ndim == 3 and p.shape[0] == 1 and p.shape[1] > 1))


def _fits(parameter: nn.Parameter, places: int) -> bool:
    return (
        parameter.ndim == 3 and parameter.shape[0] == 1 and 1 < places <= parameter.shape[1] <= places + CLASS
    )


def _grid(editor: ModelEditor[M], x: Tensor) -> tuple[int, ...]:
    """The spatial output size of the first layer for inputs x."""
    name, layer = editor.first()
    if not isinstance(layer, nn.modules.conv._ConvNd):
        raise BadInput(
            f"The first layer, {name}, is a {type(layer).__name__}; only a convolution has places."
        )
    seen: list[tuple[int, ...]] = []
    handle = layer.register_forward_hook(lambda _m, _a, output: seen.append(tuple(output.shape[2:])))
    try:
        trace(editor.model, x)
    except Exception as reason:  # later layers may require the old size; the first layer has run
        if not seen:
            raise BadInput(
                f"The model can't be run on inputs of shape {tuple(x.shape)}: {reason}."
            ) from reason
    finally:
        handle.remove()
    return seen[0]


def stretch(position: Tensor, old: Sequence[int], new: Sequence[int]) -> Tensor:
    """Interpolate position embeddings (1, k + places, d) to another grid; the first k are kept."""
    k = position.shape[1] - math.prod(old)
    tokens, places = position[:, :k], position[:, k:]
    maps = places.to(torch.promote_types(places.dtype, torch.float32)).transpose(1, 2).reshape(1, -1, *old)
    smaller = len(old) == 2 and any(b < a for a, b in zip(old, new, strict=True))
    made = interpolate(maps, size=tuple(new), mode=MODES[len(old)], antialias=smaller, align_corners=False)
    return torch.cat([tokens, made.flatten(2).transpose(1, 2).to(position.dtype)], 1)


def _insist(root: nn.Module, old: tuple[int, ...], new: tuple[int, ...]) -> None:
    """Update the modules that check the size of their inputs against an attribute."""
    for module in root.modules():
        for name in SIZES:
            noted = getattr(module, name, None)
            if isinstance(noted, tuple) and noted == old:
                setattr(module, name, new)
            elif isinstance(noted, int) and {noted} == set(old) and len(set(new)) == 1:
                setattr(module, name, new[0])
