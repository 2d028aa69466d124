"""Prepend an input transformation to a model, such as colours to luminance."""

from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from headstart.core import BadInput, Model, Preprocess
from headstart.models.operations.editor import ModelEditor
from headstart.models.surgery import duplicate
from headstart.models.wrapped import AnyBackbone
from headstart.nn.front import in_front
from headstart.nn.prompts import Frame, Full, Patch
from headstart.nn.translation import Translation

from .report import Report, compare, state

COLOURS = 3
FRONTS: dict[str, type[nn.Module]] = {kind.__name__: kind for kind in (Translation, Frame, Full, Patch)}
LUMINANCE = (0.299, 0.587, 0.114)  # of red, green and blue: ITU-R BT.601


class Luminance(nn.Module):
    """Red, green and blue (n, 3, ...) to luminance (n, copies, ...), by ITU-R BT.601.

    It is mixed before the normalisation: inputs are brought back to levels, mixed, and normalised as each
    channel is. So grey stays as it is with three copies; other numbers of copies are the mean of these three.
    It has no parameter and adds no name to a state dict.

    Attributes:
        mean: that was subtracted from each channel; None: inputs are not normalised, or that is not known.
        std: each channel was divided by it; None like `mean`.
    """

    weights: Tensor  # (3,)
    moments: Tensor  # (2, 3), mean and deviation of each channel

    def __init__(
        self, copies: int = 1, mean: Sequence[float] | None = None, std: Sequence[float] | None = None
    ) -> None:
        """Repeat the luminance `copies` times: 3 for a model of RGB inputs.

        Without `mean` and `std`, `translated` takes those of the backbone's preprocessing.
        """
        super().__init__()
        if copies < 1:
            raise BadInput(f"copies is {copies}; give 1 or more.")
        if (mean is None) != (std is None):
            raise BadInput("Give both mean and std of the channels, or neither.")
        self.copies = copies
        self.mean, self.std = (None if one is None else tuple(one) for one in (mean, std))
        self.register_buffer("weights", torch.tensor(LUMINANCE), persistent=False)
        moments = torch.tensor([self.mean or (0.0,) * COLOURS, self.std or (1.0,) * COLOURS])
        self.register_buffer("moments", moments, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """(n, 3, ...) -> (n, copies, ...)."""
        shape = (-1, *[1] * (x.ndim - 2))
        mean, std = (one.view(shape) for one in self.moments)
        mixed = torch.einsum("nc...,c->n...", x.to(self.weights.dtype) * std + mean, self.weights)
        channels: Tensor = (mixed.unsqueeze(1) - mean) / std
        if self.copies == COLOURS:
            return channels
        return channels.mean(1, keepdim=True).repeat_interleave(self.copies, 1)

    def extra_repr(self) -> str:
        """The number of copies."""
        return f"copies={self.copies}"


def _in_units(front: nn.Module, reading: Preprocess | None) -> nn.Module:
    """A luminance whose channels' mean and deviation are not said, with those of the preprocessing."""
    if type(front) is not Luminance or front.mean is not None or reading is None:
        return front
    return Luminance(front.copies, reading.mean, reading.std).to(front.weights).train(front.training)


def translated(
    model: nn.Module,
    front: nn.Module,
    *,
    preprocess: Preprocess | None = None,
    example: Tensor | None = None,
) -> tuple[Any, Report]:
    """Copy a model with a transformation prepended: x -> model(front(x)).

    Args:
        model: a backbone, a model with a head, or any module.
        front: any module, such as `Luminance()` or a `Translation`; it is copied too.
        preprocess: how pictures become inputs of `front`, for a backbone; None keeps the backbone's.
        example: inputs (n, ...) of `front`; for `Luminance` it may be None.

    Returns:
        The copy, of the same type (a plain module becomes `nn.Sequential(front, model)`, whose
        names begin with "1."), and the report.

    Raises:
        BadInput: the model can't run on the output of `front`.
    """
    editor = ModelEditor(model, None if isinstance(front, Luminance) else example)
    mapping = editor.mapping
    inputs = example if example is not None else _colours(editor, front)
    before = state(model)
    if mapping is None:
        made: nn.Module = _sequence(duplicate(front), editor.model)
        renamed = {f"1.{name}": value for name, value in before.items()}
    else:
        made = editor.model
        head = made[1] if isinstance(made, Model) else None
        fitting = _in_units(duplicate(front), preprocess or mapping.preprocess)
        mapping = _in_front(mapping, fitting, preprocess, inputs)
        made = Model(mapping, cast("Any", head)) if head is not None else mapping
        if isinstance(made, Model) and isinstance(model, Model):
            made.classes, made.label_kind = model.classes, model.label_kind
        made.training = model.training
        at = "0.inner." if head is not None else "inner."
        renamed = {_at(name, at): value for name, value in before.items()}
    editor.model = made
    editor.answer(inputs)
    return made, compare(
        renamed, state(made), f"{type(front).__name__} in front", {}, ("names begin with 1.",)
    )


@in_front.register
def _translated_backbone(backbone: AnyBackbone, front: nn.Module) -> AnyBackbone:
    """A copy of a backbone with a copy of `front` before it, in the units of `normalised`."""
    result: AnyBackbone = translated(backbone, front, example=example_of(backbone, front))[0]
    return result


def example_of(backbone: AnyBackbone, front: nn.Module) -> Tensor:
    """The example of a backbone, in the size that a front is made for."""
    shape: tuple[int, ...] = getattr(front, "shape", ())
    example = backbone.example
    if len(shape) < 2 or example.shape[1:] == shape or example.shape[1:2] != shape[:1]:
        return example
    return interpolate(example, shape[1:])


def _at(name: str, prefix: str) -> str:
    return f"{prefix}1.{name.removeprefix(prefix)}" if name.startswith(prefix) else name


def _sequence(front: nn.Module, model: nn.Module) -> nn.Sequential:
    made = nn.Sequential(front, model)
    made.training = model.training
    return made


def _in_front(
    mapping: AnyBackbone, front: nn.Module, preprocess: Preprocess | None, inputs: Tensor
) -> AnyBackbone:
    made = AnyBackbone(
        _sequence(front, mapping.inner),
        mapping.anatomy.under("1."),
        mapping.name,
        mapping.source,
        preprocess or mapping.preprocess,
        inputs[:2].detach().clone(),
    )
    settings = written(front)
    done = {"do": "translated", "front": type(front).__name__, "settings": settings}
    made.source["operations"] = [*made.source.get("operations", []), done]
    made.notes, made.tokens = mapping.notes, mapping.tokens
    made.readout = mapping.readout and mapping.readout.moved("1.")
    return made


def written(front: nn.Module) -> dict[str, Any] | None:
    """Settings to rebuild the front module, if `replay` supports it."""
    if type(front) is Luminance:
        moments = {"mean": list(front.mean), "std": list(front.std)} if front.mean and front.std else {}
        return {"copies": front.copies, **moments}
    known: Any = front if type(front) in FRONTS.values() else None
    return None if known is None else dict(known.settings)


def _colours(editor: ModelEditor[Any], front: nn.Module) -> Tensor:
    """An example with three channels if the model's own has another number."""
    if not isinstance(front, Luminance):
        raise BadInput(f"Give example= a batch of inputs that {type(front).__name__} takes.")
    old = editor.view.example
    return old if old.shape[1] == 3 else old[:, :1].expand(-1, 3, *(-1,) * (old.ndim - 2))
