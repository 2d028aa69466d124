"""Replace the last layer for new labels."""

import math
from collections.abc import Callable
from typing import Any, Literal

import torch
from torch import Tensor, nn

from headstart.core import BadInput, Model, derive_seed
from headstart.core.linear_head import LinearHead
from headstart.models.operations.editor import M, ModelEditor, as_parameter, own
from headstart.models.untrained import seeded

from .report import Report

DEVIATION = 0.01  # usual one of the weights of the start "normal"
COUNTS = ("num_classes", "num_labels")  # attribute names for the number of outputs


def new_last(
    model: M,
    classes: int,
    *,
    start: Literal["zero", "normal"] | tuple[Tensor, Tensor] | nn.Module = "zero",
    last: str | None = None,
    seed: int = 0,
    example: Tensor | None = None,
    deviation: float = DEVIATION,
) -> tuple[M, Report]:
    """Copy a model with a new last layer of `classes` outputs; the rest keeps every byte.

    Args:
        model: a module with a head, or `core.Model`; a backbone has none.
        classes: outputs, >= 1.
        start: "zero" (the first gradient is that of a linear probe), "normal" (weights of
            a deviation, bias 0), or the weights of a linear probe: a layer or head, or a
            weight (classes, width) and bias (classes,). The last is where LP-FT
            (arXiv:2202.10054) starts.
        last: the layer's name; None finds it by one forward.
        seed: of the normal start.
        example: inputs (n, ...) for the forward.
        deviation: of the normal start, > 0.

    Raises:
        BadInput: there is no linear last layer, the given weights have another shape, or the
            model does not support another number of outputs.
    """
    if classes < 1:
        raise BadInput(f"classes is {classes}; a last layer has at least one output.")
    editor = ModelEditor(model, example)
    name = last or editor.view.head
    if name is None:
        raise BadInput(
            f"{type(model).__name__} has no last layer to replace: what it gives are features. "
            "Name a layer with last=, or put a head on with core.Model."
        )
    layer = _layer(editor, name)
    weight, old = own(layer, "weight", name), layer.weight.shape[0]
    before = editor.answer(editor.view.example)
    names = editor.aliases(weight)
    value, bias, said = _start(start, classes, weight, seed, deviation)
    _put(layer, value, bias, classes)
    if isinstance(editor.model, Model):
        editor.model.classes = ()  # they are those of the old outputs
    for module in _above(editor.model, name):
        for count in COUNTS:
            if getattr(module, count, None) == old:
                setattr(module, count, classes)
    after = editor.answer(editor.view.example)
    if after.numel() * old != before.numel() * classes:
        raise BadInput(
            f"With {classes} outputs of {name} the model gives {tuple(after.shape)}, where it gave "
            f"{tuple(before.shape)}: it isn't its last layer. Nothing was changed."
        )
    return editor.finish(
        f"{name}: {old} outputs -> {classes}, {said}",
        {f"{name}.{part}": said for part in ("weight", "bias")},
        *(f"{other} is no longer shared with {name}.weight" for other in names if other != f"{name}.weight"),
    )


def _layer(editor: ModelEditor[Any], name: str) -> Any:
    """The layer that is replaced: linear, or a convolution over single pixels."""
    model = editor.model
    if isinstance(model, Model) and name == "1" and not isinstance(model.head, LinearHead):
        with seeded(0):  # so that no global random numbers are consumed
            model[1] = LinearHead(model.backbone.width, 1).train(model.head.training)
    try:
        layer = model.get_submodule(name)
    except AttributeError as reason:
        raise BadInput(f"There is no layer {name!r}: {reason}.") from reason
    single = (
        isinstance(layer, nn.modules.conv._ConvNd) and set(layer.kernel_size) == {1} and layer.groups == 1
    )
    if not (isinstance(layer, (nn.Linear, LinearHead)) or single):
        raise BadInput(
            f"{name} is neither linear nor a convolution over single pixels: {type(layer).__name__}."
        )
    return layer


def _start(
    start: Any, classes: int, old: nn.Parameter, seed: int, deviation: float
) -> tuple[Tensor, Tensor, str]:
    """Weight (classes, width), bias (classes,), and the name of the start."""
    shape = (classes, *old.shape[1:])
    if not 0 < deviation < math.inf:
        raise BadInput(f"deviation is {deviation}; it must be > 0. For zeros say start='zero'.")
    if isinstance(start, str):
        makers: dict[str, Callable[[], Tensor]] = {
            "zero": lambda: torch.zeros(shape),
            "normal": lambda: _normal(shape, seed) * deviation,
        }
        if start not in makers:
            raise BadInput(f"start is {start!r}; give 'zero', 'normal', or the weights of a linear probe.")
        return makers[start](), torch.zeros(classes), f"{start} start"
    given = (
        (getattr(start, "weight", None), getattr(start, "bias", None))
        if isinstance(start, nn.Module)
        else start
    )
    weight, bias = given
    if isinstance(weight, Tensor) and weight.shape == (classes, old.shape[1]):
        bias = weight.new_zeros(classes) if bias is None else bias
        if isinstance(bias, Tensor) and bias.shape == (classes,):
            return weight.reshape(shape), bias, "weights of a linear probe"
    found = " and ".join(str(tuple(x.shape)) if isinstance(x, Tensor) else "none" for x in (weight, bias))
    raise BadInput(
        f"The weight and bias of the probe are {found}; for {classes} classes they must be "
        f"{(classes, old.shape[1])} and {(classes,)}."
    )


def _normal(shape: tuple[int, ...], seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(derive_seed(seed, "new_last"))
    return torch.randn(shape, generator=generator)


def _put(layer: Any, weight: Tensor, bias: Tensor, classes: int) -> None:
    """Set the parameters in the layer itself, so that its class, flags, hooks and aliases stay."""
    old = layer.weight
    layer.weight = as_parameter(old, weight)
    if layer.bias is not None:
        layer.bias = as_parameter(layer.bias, bias)
    elif bias.any():
        layer.bias = as_parameter(old, bias)
    for count in ("out_features", "out_channels"):
        if hasattr(layer, count):
            setattr(layer, count, classes)


def _above(model: nn.Module, name: str) -> list[nn.Module]:
    """The modules that contain the layer, outermost first."""
    pieces = name.split(".")
    return [model.get_submodule(".".join(pieces[:i])) for i in range(len(pieces))]
