"""Which modules learn: training mode, gradients and nothing else for the rest."""

from collections.abc import Iterable
from dataclasses import replace

from torch import nn

from headstart.core import On, Parts


def let_learn(parts: Parts, learning: list[nn.Parameter], on: Iterable[On]) -> None:
    """Put what learns into training mode and all else into evaluation mode, and say so to autograd.

    A module learns if a learning parameter is in it; a module without parameters goes with the
    module that it is in. If such a module has tensors of its own all the same, such as the statistics
    of a batch normalisation without weights, one of `on` must select these too, as it would a
    parameter. So a frozen BatchNorm keeps its statistics and a frozen block its dropout off, whatever
    `.train()` was called before. What `on` says of statistics and of a chosen block comes on top.

    Args:
        parts: of the run.
        learning: the parameters that learn now.
        on: what selected them.
    """
    parts.requires_grad_(False)
    for parameter in learning:
        parameter.requires_grad_(True)
    ids = {id(parameter) for parameter in learning}
    still = _with_statistics_alone(parts)
    if still:
        still -= {module for each in on for module in _selected(parts, each, still)}
    for part in parts.values():
        _set(part, ids, still, among=False)
    for each in on:
        if each.statistics == "frozen":
            _freeze_statistics(parts[each.part])
        if each.chosen is not None:
            _rest_but(parts, each, each.chosen(parts))


def rest(parts: Parts, train: tuple[str, ...] = ()) -> None:
    """Evaluation mode for all parts but those named."""
    for name, part in parts.items():
        part.train(name in train)


def _with_statistics_alone(parts: Parts) -> set[nn.Module]:
    """The modules that have buffers of their own and no parameter, not even in a module in them."""
    return {
        module
        for module in parts.modules()
        if any(True for _ in module.buffers(recurse=False)) and not any(True for _ in module.parameters())
    }


def _selected(parts: Parts, on: On, among: set[nn.Module]) -> set[nn.Module]:
    """Those of which `on` selects a buffer."""
    part = parts[on.part]
    roots: list[str] = [""] if on.blocks is None else list(getattr(part, "blocks", ())[on.blocks])
    return {
        module
        for root in roots
        for path, module in part.get_submodule(root).named_modules(prefix=root)
        if module in among
        for name, _ in module.named_buffers(recurse=False)
        if on.keep(f"{path}.{name}" if path else name, module)
    }


def _freeze_statistics(part: nn.Module) -> None:
    """Batch normalisations go by the statistics that they have, whatever learns in them."""
    for module in part.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.eval()


def _rest_but(parts: Parts, on: On, chosen: int | None) -> None:
    """Only the chosen block is in training mode and has gradients; if there is none yet, all rests."""
    part = parts[on.part]
    names: tuple[str, ...] = getattr(part, "blocks", ())
    inside = set() if chosen is None else set(part.get_submodule(names[chosen]).modules())
    for module in part.modules():
        module.training = module.training and module in inside
    if chosen is not None:
        learning = set(map(id, replace(on, blocks=slice(chosen, chosen + 1 or None))(parts)))
        for parameter in part.parameters():
            parameter.requires_grad_(id(parameter) in learning)


def _set(module: nn.Module, learning: set[int], still: set[nn.Module], among: bool) -> None:
    own = [id(parameter) for parameter in module.parameters()]
    module.training = any(number in learning for number in own) if own else among and module not in still
    for child in module.children():
        _set(child, learning, still, module.training)
