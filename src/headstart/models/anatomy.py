"""Structure of any model, measured by one forward pass: stem, blocks, head.

Nothing depends on the name of an architecture, only on what ran, in which order, and on the number of
parameters of each part.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, nn

from .blocks import Tree, find_blocks, read_at, runs_in_turn, within
from .layout import Layout, Tap, layout
from .tracing import Trace, first_tensor, trace


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
        members: of the blocks that are several modules, these in execution order: itself, and the norms
            after it or, of the first block, before it.
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
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def under(self, prefix: str) -> "Anatomy":
        """The same of a model that has become a part of another, where its names begin with `prefix`."""

        def named(names: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(prefix + name for name in names)

        return replace(
            self,
            order=named(self.order),
            head=None if self.head is None else prefix + self.head,
            blocks=named(self.blocks),
            unused=named(self.unused),
            shared=tuple(named(group) for group in self.shared),
            outside=named(self.outside),
            taps={prefix + block: Tap(prefix + tap.module, tap.layout) for block, tap in self.taps.items()},
            members={prefix + block: named(several) for block, several in self.members.items()},
        )


def anatomy(
    model: nn.Module, example: Tensor, call: Callable[[nn.Module, Tensor], Tensor] | None = None
) -> Anatomy:
    """Measure the structure of `model` by one forward on `example` (n, ...); the model is not changed.

    The head is the last layer that owns parameters, if it is linear (or a convolution over
    single pixels) and its output is the model's output, up to a softmax, sigmoid or mean
    over space. The blocks are the executed children of the model that hold parameters; while
    a single one of them holds 60 % of all parameters and has no comparable sibling, it is
    replaced by its own children; tables of embeddings do not count, however large they are.
    A part that contains the head is replaced too, and so is a plain stack of layers that is no repeated
    block. A norm belongs to the block before it, or to the first one. With a `call`, all layers are part of
    the features, which it gives for a model and its inputs.
    """
    seen = trace(model, example, call) if call else trace(model, example)
    head = None if call else _head(model, seen)
    order = tuple(dict.fromkeys(seen.calls))
    tree = Tree(model, order, head)
    output_of = call or (lambda of, x: first_tensor(of(x)))
    members = find_blocks(tree, lambda name: runs_in_turn(model, name, example, output_of))
    blocks = tuple(members)
    owned = [module for several in members.values() for module in several]
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
            if id(p) in seen.read and not within(name, (*owned, *((head,) if head else ())))
        ),
        taps={block: _tap(tree, seen, rows, block, several) for block, several in members.items()},
        output=output,
        members={block: several for block, several in members.items() if len(several) > 1},
    )


def _shape(x: Tensor) -> tuple[int, ...]:
    return tuple(x.shape)


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


def _tap(tree: Tree, seen: Trace, rows: int, block: str, members: tuple[str, ...]) -> Tap:
    """Where and how to read a block's output; of a list of layers, the output of the last."""
    last = next(n for n in reversed(seen.calls) if n == block or within(n, (block,)))
    spot = block
    while spot not in seen.shapes:
        spot = tree.inside(spot)[-1]
    inner = len(seen.shapes.get(last, ()))
    spot = read_at(tree, seen, block, members, spot)
    return Tap(spot, layout(seen.shapes[spot], rows, tree.model.get_submodule(last), inner))


def _shared(model: nn.Module) -> tuple[tuple[str, ...], ...]:
    names: dict[int, list[str]] = {}
    for name, parameter in model.named_parameters(remove_duplicate=False):
        names.setdefault(id(parameter), []).append(name)
    return tuple(tuple(group) for group in names.values() if len(group) > 1)
