"""Replace the first layer for inputs with other channels, keeping the response to grey."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from headstart.core import BadInput
from headstart.models.operations.editor import M, ModelEditor, as_parameter, own
from headstart.models.surgery import run
from headstart.models.tracing import quiet

from .report import Report

GREY = 1e-4  # relative difference of the first layer's response to grey above which it is refused


def new_channels(
    model: M, channels: int, *, like: Sequence[int | None] | None = None, example: Tensor | None = None
) -> tuple[M, Report]:
    """Copy a model with another number of input channels and the same response to grey.

    Grey is the same value in every channel. For each output and each place in the kernel, the
    weights of the new channels sum to the sum of the old ones; the bias keeps every bit.

    Args:
        model: a backbone, a model with a head, or any module that begins with a convolution in
            one, two or three dimensions.
        channels: of the new inputs, >= 1.
        like: for each new channel, the old channel to copy, or None for the mean of all,
            such as (0, 1, 2, None) for red, green, blue and near infrared. None: all the mean.
        example: old inputs (n, channels, ...) for the forward of a plain module.

    Returns:
        The copy and the report. A backbone for pictures has no `preprocess` any more if it
        takes a number of channels other than 3.

    Raises:
        BadInput: it does not begin with a plain convolution, or can't keep its response to grey.
    """
    editor = ModelEditor(model, example)
    name, layer = editor.first()
    conv = _conv(name, layer)
    resembled = tuple(like) if like is not None else (None,) * channels
    _check(channels, conv.in_channels, resembled)
    grey, wide = _greys(editor.view.example, conv.in_channels, channels)
    wanted = _response(editor, conv, grey)
    weight = own(conv, "weight", name)
    names = editor.aliases(weight)
    conv.weight = as_parameter(weight, _spread(weight, resembled))
    conv.in_channels = channels
    editor.answer(wide)
    given = _response(editor, conv, wide)
    off = ((given - wanted).abs().max() / wanted.abs().max().clamp(min=1e-12)).item()
    if not off <= GREY:
        raise BadInput(
            f"{name} ({type(conv).__name__}) would answer to grey otherwise than before, by {off:.1e} of its "
            "largest value: it does more with its weights than convolve. Nothing was changed."
        )
    if editor.mapping is not None and channels != 3:
        editor.mapping.preprocess = None
    return editor.finish(
        f"{name}: {grey.shape[1]} channels -> {channels}; grey gives the same to {off:.0e}",
        dict.fromkeys(names[:1], "the weights at each position keep their sum; " + _said(resembled)),
        *(f"{other} is no longer shared with {name}.weight" for other in names if other != f"{name}.weight"),
        operation={"do": "new_channels", "channels": channels},
        example=wide,
    )


def _conv(name: str, layer: nn.Module) -> nn.modules.conv._ConvNd:
    if not isinstance(layer, nn.modules.conv._ConvNd) or layer.transposed:
        hint = " For columns use new_columns." if isinstance(layer, nn.Linear) else ""
        raise BadInput(f"The first layer, {name}, is no convolution but a {type(layer).__name__}.{hint}")
    if layer.groups != 1:
        raise BadInput(
            f"The first layer, {name}, has {layer.groups} groups; only one can take other channels."
        )
    return layer


def _check(channels: int, old: int, resembled: tuple[int | None, ...]) -> None:
    if channels < 1 or len(resembled) != channels:
        raise BadInput(
            f"channels is {channels}, and like has {len(resembled)} entries; give one for each channel."
        )
    wrong = [one for one in resembled if one is not None and not 0 <= one < old]
    if wrong:
        raise BadInput(f"like names the channel {wrong[0]}; the old ones are 0 to {old - 1}.")


def _spread(weight: Tensor, resembled: tuple[int | None, ...]) -> Tensor:
    """Weights (out, new, ...) whose sum over channels is that of the old (out, channels, ...)."""
    old = weight.detach().double()
    total = old.sum(1, keepdim=True)
    mean = total / old.shape[1]
    made = torch.cat([mean if one is None else old[:, one : one + 1] for one in resembled], 1)
    made *= old.shape[1] / len(resembled)
    made += (total - made.sum(1, keepdim=True)) / len(resembled)
    rounded = made.to(weight.dtype).double()  # the rounding error goes into the last channel
    rounded[:, -1:] += total - rounded.sum(1, keepdim=True)
    return rounded


def _greys(example: Tensor, old: int, new: int) -> tuple[Tensor, Tensor]:
    """The same grey inputs with the old and the new number of channels, on any axis."""
    axis = next((a for a in (1, example.ndim - 1) if example.shape[a] == old), None)
    if axis is None:
        raise BadInput(f"No axis of the example, of shape {tuple(example.shape)}, has {old} channels.")
    grey = example.mean(axis, keepdim=True)
    return grey.repeat_interleave(old, axis), grey.repeat_interleave(new, axis)


def _response(editor: ModelEditor[M], layer: nn.Module, x: Tensor) -> Tensor:
    """A layer's output when the copy runs on x."""
    seen: list[Tensor] = []
    handle = layer.register_forward_hook(lambda _module, _args, output: seen.append(output.detach().clone()))
    try:
        with quiet(editor.model):
            run(editor.model, x)
    except Exception as reason:
        raise BadInput(f"The model can't be run on inputs of shape {tuple(x.shape)}: {reason}.") from reason
    finally:
        handle.remove()
    return seen[0].double()


def _said(resembled: tuple[int | None, ...]) -> str:
    if all(one is None for one in resembled):
        return "every channel starts as the mean of the old ones"
    return "channels like " + ", ".join("the mean" if one is None else str(one) for one in resembled)
