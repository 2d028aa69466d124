"""The depth map of a model: a readable table of its parts in execution order."""

from dataclasses import dataclass

from torch import Tensor, nn

from .blocks import is_norm, layers
from .view import ModelLayout, inspect_model


@dataclass(frozen=True)
class Part:
    """One line of the map.

    Attributes:
        number: of the block that it is, or belongs to as a norm does, as in `block(i)`; None if of none.
        name: of the module, or of the parameter outside all blocks.
        role: "stem", "block", "norm", "head" or "outside".
        kind: the class of the module.
        layers: modules in it that own parameters.
        parameters: numbers in them.
        learning: how many of these have requires_grad.
    """

    number: int | None
    name: str
    role: str
    kind: str
    layers: int
    parameters: int
    learning: int


@dataclass(frozen=True)
class DepthMap:
    """The parts of a model in execution order; `print` shows it as a table.

    Attributes:
        parts: blocks and the norms that belong to them, then the head, then what lies outside.
        width: features per sample.
        norms: names of the normalisation layers.
        unused: parameters that the forward did not use.
        shared: names of the same parameter, in groups.
    """

    parts: tuple[Part, ...]
    width: int
    norms: tuple[str, ...]
    unused: tuple[str, ...]
    shared: tuple[tuple[str, ...], ...]

    def __str__(self) -> str:
        head = ("block", "name", "role", "class", "layers", "parameters", "trainable")
        rows = [head, *(_cells(part) for part in self.parts)]
        widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
        lines = [
            "  ".join(_pad(cell, w, i) for i, (cell, w) in enumerate(zip(r, widths, strict=True)))
            for r in rows
        ]
        lines += [f"{self.width} features; {len(self.norms)} normalisation layers"]
        lines += [f"shared: {' = '.join(group)}" for group in self.shared]
        lines += [f"unused: {', '.join(self.unused)}"] if self.unused else []
        return "\n".join(line.rstrip() for line in lines)


def describe(model: nn.Module, *, example: Tensor | None = None) -> DepthMap:
    """Build the depth map of `model` by one forward, whatever its architecture.

    Args:
        model: a backbone, a model with a head, or any module; it is not changed.
        example: inputs (n, ...) for the forward of a plain module; None guesses.

    Raises:
        BadInput: the model can't be run on the example.
    """
    view = inspect_model(model, example)
    stem = view.stem
    parts = [
        _part(view, number, name, "stem" if block in stem else "block")
        for number, block in enumerate(view.blocks)
        for name in view.members([block])
    ]
    parts += [_part(view, None, view.head, "head")] if view.head else []
    named = dict(model.named_parameters(remove_duplicate=False))
    for name in (view.prefix + outside for outside in view.parts.outside):
        p = named[name]
        parts.append(
            Part(None, name, "outside", "Parameter", 0, p.numel(), p.numel() if p.requires_grad else 0)
        )
    return DepthMap(
        parts=tuple(parts),
        width=view.parts.width,
        norms=tuple(name for name, module in model.named_modules() if is_norm(module)),
        unused=tuple(view.prefix + name for name in view.parts.unused if view.prefix + name in named),
        shared=tuple(tuple(view.prefix + name for name in group) for group in view.parts.shared),
    )


def _part(view: ModelLayout, number: int | None, name: str, role: str) -> Part:
    module = view.model.get_submodule(name)
    owners = layers(module)
    if role == "block" and owners and all(map(is_norm, owners)):
        role = "norm"
    found = list(module.parameters())
    return Part(
        number,
        name,
        role,
        type(module).__name__,
        len(owners),
        sum(p.numel() for p in found),
        sum(p.numel() for p in found if p.requires_grad),
    )


def _cells(part: Part) -> tuple[str, ...]:
    number = "" if part.number is None else str(part.number)
    counts = (str(part.layers), f"{part.parameters:,}", f"{part.learning:,}")
    return (number, part.name, part.role, part.kind, *counts)


def _pad(cell: str, width: int, column: int) -> str:
    return cell.rjust(width) if column in {0, 4, 5, 6} else cell.ljust(width)
