"""Structure of any model, measured by one forward pass: stem, blocks, head.

Nothing depends on the name of an architecture, only on what ran, in which order, and on the number of
parameters of each part.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .layout import Layout, Tap, layout
from .tracing import Trace, trace

MOST = 0.6  # a part with this share of the parameters is replaced by its children
COMPARABLE = 0.01  # unless a sibling of its type holds at least this share


@dataclass(frozen=True)
class Anatomy:
    """Structure of a model, as measured by one forward pass.

    Attributes:
        order: modules that own parameters, in the order in which they first ran.
        head: the layer that makes the model's output; None if the model outputs features.
        width: features per sample: the input of the head, or the pooled output.
        blocks: the parts of the model in execution order, without the head.
        unused: parameters that no operation of the forward used.
        shared: groups of names of the same parameter.
        outside: parameters that ran but belong to no block nor the head, such as a class token.
        taps: where the output of each block is read; the block itself, if it is ever called.
        output: the axes of the model's output without the head.
    """

    order: tuple[str, ...]
    head: str | None
    width: int
    blocks: tuple[str, ...]
    unused: tuple[str, ...]
    shared: tuple[tuple[str, ...], ...]
    outside: tuple[str, ...]
    taps: Mapping[str, Tap]
    output: Layout


def anatomy(
    model: nn.Module, example: Tensor, call: Callable[[nn.Module, Tensor], Tensor] | None = None
) -> Anatomy:
    """Measure the structure of `model` by one forward on `example` (n, ...); the model is not changed.

    The head is the last layer that owns parameters, if it is linear (or a convolution over
    single pixels) and its output is the model's output, up to a softmax, sigmoid or mean
    over space. The blocks are the executed children of the model that hold parameters; while
    a single one of them holds 60 % of all parameters and has no comparable sibling, it is
    replaced by its own children; tables of embeddings do not count, however large they are.
    A part that contains the head is replaced too. With a `call`, all layers are part of the features, which
    it gives for a model and its inputs.
    """
    seen = trace(model, example, call) if call else trace(model, example)
    head = None if call else _head(model, seen)
    order = tuple(dict.fromkeys(seen.calls))
    tree = _Tree(model, order, head)
    blocks = _blocks(tree)
    rows = len(example)
    before = seen.last[0] if head is not None else seen.output
    if before is None:
        raise TypeError("the head was called without a tensor")
    maker = model.get_submodule(seen.calls[-1]) if seen.calls else None
    made = seen.last[1].ndim if seen.last[1] is not None else 0
    output = _head_axes(maker, before, rows) if head else layout(_shape(before), rows, maker, made)
    parameters = dict(model.named_parameters())
    return Anatomy(
        order=order,
        head=head,
        width=before.shape[output.features] if before.ndim > 1 else 1,
        blocks=blocks,
        unused=tuple(name for name, p in parameters.items() if id(p) not in seen.read),
        shared=_shared(model),
        outside=tuple(
            name
            for name, p in parameters.items()
            if id(p) in seen.read and not _within(name, (*blocks, *((head,) if head else ())))
        ),
        taps={block: _tap(tree, seen, rows, block) for block in blocks},
        output=output,
    )


def _shape(x: Tensor) -> tuple[int, ...]:
    return tuple(x.shape)


def _within(name: str, blocks: tuple[str, ...]) -> bool:
    return any(name.startswith(block + ".") for block in blocks)


def _head(model: nn.Module, seen: Trace) -> str | None:
    """The layer that makes the output; the model itself is never its own head."""
    if not seen.calls or not seen.calls[-1] or seen.calls.count(seen.calls[-1]) > 1:
        return None
    module, given = model.get_submodule(seen.calls[-1]), seen.last[1]
    pixelwise = isinstance(module, nn.Conv2d) and set(module.kernel_size) == {1}
    if not (isinstance(module, nn.Linear) or pixelwise):
        return None
    if given is None or seen.output is None or not _reads(seen.output, given, pixelwise):
        return None
    return seen.calls[-1]


def _reads(output: Tensor, given: Tensor, pixelwise: bool) -> bool:
    """Whether the model's output is the layer's output, or a simple function of it."""
    axis = 1 if pixelwise else -1
    looks = [given, given.softmax(axis), given.log_softmax(axis), given.sigmoid()]
    if given.ndim > 2:
        rest = tuple(range(2, given.ndim)) if pixelwise else tuple(range(1, given.ndim - 1))
        looks += [given.mean(rest), given.relu().mean(rest)]
    flat = output.flatten()
    return any(
        flat.shape == look.flatten().shape and torch.allclose(flat, look.flatten(), atol=1e-6, equal_nan=True)
        for look in looks
    )


def _head_axes(head: nn.Module | None, before: Tensor, rows: int) -> Layout:
    if isinstance(head, nn.Conv2d):
        return Layout(0, 1)
    transposed = before.ndim == 3 and before.shape[0] != rows and before.shape[1] == rows
    return Layout(int(transposed), before.ndim - 1)


def _tap(tree: "_Tree", seen: Trace, rows: int, block: str) -> Tap:
    """Where and how to read a block's output; of a list of layers, the output of the last."""
    last = next(n for n in reversed(seen.calls) if n == block or _within(n, (block,)))
    spot = block
    while spot not in seen.shapes:
        spot = tree.inside(spot)[-1]
    inner = len(seen.shapes.get(last, ()))
    return Tap(spot, layout(seen.shapes[spot], rows, tree.model.get_submodule(last), inner))


def _shared(model: nn.Module) -> tuple[tuple[str, ...], ...]:
    names: dict[int, list[str]] = {}
    for name, parameter in model.named_parameters(remove_duplicate=False):
        names.setdefault(id(parameter), []).append(name)
    return tuple(tuple(group) for group in names.values() if len(group) > 1)


class _Tree:
    """The modules that ran, as a tree without the head."""

    def __init__(self, model: nn.Module, order: tuple[str, ...], head: str | None) -> None:
        self.model, self.head = model, head
        self.order = [name for name in order if name != head]

    def first(self, name: str) -> int | None:
        """Position of the first layer in `name` that ran; None if none ran."""
        under = (i for i, leaf in enumerate(self.order) if leaf == name or _within(leaf, (name,)))
        return next(under, None)

    def size(self, name: str) -> int:
        """Number of parameters in `name`, without the head and embedding tables."""
        tables = (m for m in self.model.modules() if isinstance(m, nn.Embedding))
        skip = {id(p) for table in tables for p in table.parameters()}
        if self.head is not None:
            skip |= {id(p) for p in self.model.get_submodule(self.head).parameters()}
        found = self.model.get_submodule(name).parameters()
        return sum(p.numel() for p in found if id(p) not in skip)

    def inside(self, name: str) -> list[str]:
        """Children of `name` that ran and have parameters, in execution order; an only child is expanded."""
        module = self.model.get_submodule(name)
        names = [f"{name}.{child}" if name else child for child, _ in module.named_children()]
        placed = [(place, n) for n in names if (place := self.first(n)) is not None]
        kids = [n for _, n in sorted(placed)]
        return (self.inside(kids[0]) or kids) if len(kids) == 1 else kids


def _blocks(tree: _Tree) -> tuple[str, ...]:
    blocks = tree.inside("")
    while (big := _opened(tree, blocks)) is not None:
        place = blocks.index(big)
        blocks[place : place + 1] = tree.inside(big)
    return tuple(blocks)


def _opened(tree: _Tree, blocks: list[str]) -> str | None:
    """The block to be replaced by its children; None if all stay."""
    if tree.head is not None:
        for block in blocks:
            if _within(tree.head, (block,)):
                return block
    sizes = {block: tree.size(block) for block in blocks}
    total = sum(sizes.values())
    big = [block for block in blocks if sizes[block] >= MOST * total] or _only_list(tree, blocks)
    if len(big) != 1 or len(tree.inside(big[0])) < 2:
        return None
    kind = type(tree.model.get_submodule(big[0]))
    for block in blocks:
        same = type(tree.model.get_submodule(block)) is kind and block != big[0]
        if same and sizes[block] >= COMPARABLE * total and len(tree.inside(block)) >= 2:
            return None
    return big[0]


def _only_list(tree: _Tree, blocks: list[str]) -> list[str]:
    """The only block that is not a single layer, if it is a plain list of modules."""
    many = [block for block in blocks if len(tree.inside(block)) >= 2]
    lists = (nn.Sequential, nn.ModuleList)
    return many if len(many) == 1 and isinstance(tree.model.get_submodule(many[0]), lists) else []
