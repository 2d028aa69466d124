"""Which parts of a model are its blocks: by the layers in them that ran, their order and their sizes."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence

import torch
from torch import Tensor, nn

from .tracing import Trace, first_tensor, quiet

MOST = 0.6  # a part with this share of the parameters is replaced by its children
COMPARABLE = 0.01  # unless a sibling of its type holds at least this share
LISTS = (nn.Sequential, nn.ModuleList)
MATRICES = (
    *(nn.Linear, nn.Bilinear, nn.Embedding, nn.EmbeddingBag, nn.RNNBase),
    nn.modules.conv._ConvNd,
)


def is_norm(module: nn.Module) -> bool:
    """Whether it is a norm: one of torch's, or a class named so whose parameters are vectors."""
    if isinstance(module, (nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm)):
        return True
    own = list(module.parameters(recurse=False))
    return "norm" in type(module).__name__.lower() and bool(own) and all(p.ndim <= 1 for p in own)


def layers(module: nn.Module) -> list[nn.Module]:
    """The modules in a module that own parameters, itself included."""
    return [one for one in module.modules() if next(one.parameters(recurse=False), None) is not None]


def weight_layers(module: nn.Module) -> list[nn.Module]:
    """The layers in a module that have more than a factor or an offset for each channel."""
    return [one for one in layers(module) if not is_norm(one) and _has_matrix(one)]


def _has_matrix(layer: nn.Module) -> bool:
    own = layer.parameters(recurse=False)
    return isinstance(layer, MATRICES) or any(p.numel() > max(p.shape, default=1) for p in own)


def within(name: str, blocks: Collection[str]) -> bool:
    """Whether a parameter or module is inside one of some modules."""
    return any(name.startswith(block + ".") for block in blocks)


class Tree:
    """The modules that ran, as a tree without the head."""

    def __init__(self, model: nn.Module, order: tuple[str, ...], head: str | None) -> None:
        self.model, self.head = model, head
        self.order = [name for name in order if name != head]

    def first(self, name: str) -> int | None:
        """Position of the first layer in `name` that ran; None if none ran."""
        under = (i for i, leaf in enumerate(self.order) if leaf == name or within(leaf, (name,)))
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


def find_blocks(tree: Tree, runs_in_turn: Callable[[str], bool]) -> dict[str, tuple[str, ...]]:
    """The blocks in execution order, each with the modules that are it.

    These are the block itself and the norms and the like after it, which hold no weight matrix; such before
    the first block belong to it.

    Args:
        tree: of the modules that ran.
        runs_in_turn: whether the children of a module are a chain.
    """
    blocks = tree.inside("")
    while (big := _opened(tree, blocks) or _stack(tree, blocks, runs_in_turn)) is not None:
        place = blocks.index(big)
        blocks[place : place + 1] = tree.inside(big)
    heavy = [one for one in blocks if weight_layers(tree.model.get_submodule(one))] or blocks[:1]
    found: dict[str, tuple[str, ...]] = {}
    for block in blocks:
        if block in heavy:
            leading = () if found else tuple(blocks[: blocks.index(block)])
            found[block] = (*leading, block)
        elif found:
            last = next(reversed(found))
            found[last] = (*found[last], block)
    return found


def _opened(tree: Tree, blocks: list[str]) -> str | None:
    """The block to be replaced by its children, as it holds the head or most of the parameters."""
    if tree.head is not None:
        for block in blocks:
            if within(tree.head, (block,)):
                return block
    sizes = {block: tree.size(block) for block in blocks}
    total = sum(sizes.values())
    many = [block for block in blocks if len(tree.inside(block)) >= 2]
    big = [block for block in many if sizes[block] >= MOST * total] or _only_list(tree, many)
    if len(big) != 1:
        return None
    kind = type(tree.model.get_submodule(big[0]))
    for block in blocks:
        same = type(tree.model.get_submodule(block)) is kind and block != big[0]
        if same and sizes[block] >= COMPARABLE * total and len(tree.inside(block)) >= 2:
            return None
    return big[0]


def _only_list(tree: Tree, many: list[str]) -> list[str]:
    """The only block that is not a single layer, if it is a plain list of modules, or holds one of stages."""
    if len(many) != 1:
        return []
    module = tree.model.get_submodule(many[0])
    return many if isinstance(module, LISTS) or _holds_stages(module) else []


def _holds_stages(module: nn.Module) -> bool:
    """Whether all weights are in one list of like modules of several layers, as those of a ViT's encoder."""
    heavy = [child for child in module.children() if weight_layers(child)]
    if len(heavy) != 1 or not isinstance(heavy[0], LISTS):
        return False
    stages = list(heavy[0].children())
    alike = len({type(stage) for stage in stages}) == 1
    return alike and len(stages) > 1 and all(len(weight_layers(stage)) > 1 for stage in stages)


def _stack(tree: Tree, blocks: list[str], runs_in_turn: Callable[[str], bool]) -> str | None:
    """A block that is a plain stack of layers, as the convolutions of VGG, and has no sibling like it."""
    many = [block for block in blocks if len(tree.inside(block)) >= 2]
    modules = {block: tree.model.get_submodule(block) for block in many}
    kinds = Counter(map(_kind, modules.values()))
    for block, module in modules.items():
        if kinds[_kind(module)] > 1 or len(weight_layers(module)) < 2 or not _layers_alone(module):
            continue
        if is_sequence(module) or runs_in_turn(block):
            return block
    return None


def _kind(module: nn.Module) -> tuple[type[nn.Module], frozenset[type[nn.Module]]]:
    """Equal for blocks that are repeated: the class, and those of the children with weights."""
    return type(module), frozenset(type(child) for child in module.children() if weight_layers(child))


def _layers_alone(module: nn.Module) -> bool:
    """Whether each child holds one weight layer at most, or is itself a sequence of such."""
    return all(
        len(weight_layers(child)) <= 1 or (is_sequence(child) and _layers_alone(child))
        for child in module.children()
    )


def is_sequence(module: nn.Module) -> bool:
    """Whether a module runs its children in turn and does nothing else."""
    return isinstance(module, nn.Sequential) and type(module).forward is nn.Sequential.forward


def runs_in_turn(
    model: nn.Module, name: str, example: Tensor, call: Callable[[nn.Module, Tensor], Tensor]
) -> bool:
    """Whether the children of a module, one after the other on its input, give its output in a forward."""
    module = model.get_submodule(name)
    seen: list[tuple[Tensor, Tensor]] = []

    def note(_module: nn.Module, args: tuple[Tensor, ...], output: object) -> None:
        seen.append((args[0].clone(), first_tensor(output).clone()))

    handle = module.register_forward_hook(note)
    try:
        with quiet(model):
            call(model, example)
            handle.remove()
            given, wanted = seen[-1]
            for child in module.children():
                given = first_tensor(child(given))
    except (RuntimeError, TypeError, ValueError, IndexError, AttributeError, AssertionError):
        return False  # they are no chain
    finally:
        handle.remove()
    return given.shape == wanted.shape and torch.allclose(given, wanted, rtol=1e-4, atol=1e-5)


def read_at(tree: Tree, seen: Trace, block: str, members: Sequence[str], spot: str) -> str:
    """The module whose output is that of a block: after its norms, and after activations in a sequence.

    Args:
        tree: of the modules that ran.
        seen: their forward.
        block: its name.
        members: all modules that are it.
        spot: the module that gives the output of the block itself.
    """
    parent = block.rpartition(".")[0]
    above = tree.model.get_submodule(parent)
    beside = [f"{parent}.{name}" if parent else name for name, _ in above.named_children()]
    behind = beside[beside.index(block) + 1 :] if is_sequence(above) else []
    behind += [name for name in members[members.index(block) + 1 :] if name not in behind]
    used = Counter(id(one) for _, one in tree.model.named_modules(remove_duplicate=False))
    for name in behind:
        module, before, after = tree.model.get_submodule(name), seen.shapes[spot], seen.shapes.get(name, ())
        keeps = before == after if name in members else not layers(module) and _keeps_places(before, after)
        if not keeps or used[id(module)] > 1 or seen.calls.count(name) > 1:
            break
        spot = name
    return spot


def _keeps_places(before: tuple[int, ...], after: tuple[int, ...]) -> bool:
    """Whether an output has the axes of another, and is no mean over all of its places."""
    return len(before) == len(after) and not max(before[2:], default=1) > max(after[2:], default=1) == 1
