"""What a step computes in: seeds, memory format, training mode and `requires_grad`."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import torch
from torch import nn

from headstart.core import On, Parts
from headstart.core.moves import members_of


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Context in which all random draws are a function of `seed`; the generators are restored after it."""
    accelerated = torch.accelerator.is_available()
    with torch.random.fork_rng(list(range(torch.cuda.device_count())) if accelerated else []):
        if accelerated:
            torch.manual_seed(seed)
        else:  # what that does for a GPU still to come (it formats the stack) takes longer than a step
            torch.default_generator.manual_seed(seed)
        yield


def memory_format(
    parts: Parts, bf16: bool, device: torch.device, frozen: bool = False
) -> torch.memory_format:
    """The faster format: channels last, except for float32 on a CPU without grouped convolutions.

    There plain convolutions are trained 1.1 to 1.3 times faster as (n, channels, height, width); grouped
    and depthwise ones, those that are `frozen`, bf16 and GPUs are faster with the channels last.
    """
    grouped = any(isinstance(m, nn.Conv2d) and m.groups > 1 for m in parts.modules())
    if device.type == "cpu" and not bf16 and not grouped and not frozen:
        return torch.contiguous_format
    return torch.channels_last


def set_trainable(parts: Parts, learning: list[nn.Parameter], on: Iterable[On]) -> None:
    """Set training mode and `requires_grad` for the trained modules; freeze all others.

    A module is trained if it contains a trained parameter; a module without parameters has the mode of
    its parent. If such a module has buffers, such as the statistics of a batch normalisation without
    weights, one of `on` must select these too, as it would a parameter. So a frozen BatchNorm keeps
    its statistics and a frozen block its dropout off, whatever `.train()` was called before. The
    fields `statistics` and `chosen` of `on` apply on top.

    Args:
        parts: of the run.
        learning: the parameters that are trained now.
        on: the selections that they come from.
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
            _train_only_block(parts, each, each.chosen(parts))


def set_eval(parts: Parts, train: tuple[str, ...] = ()) -> None:
    """Set all parts but those named to evaluation mode."""
    for name, part in parts.items():
        part.train(name in train)


def _with_statistics_alone(parts: Parts) -> set[nn.Module]:
    """Modules with buffers of their own and without parameters, also in their children."""
    return {
        module
        for module in parts.modules()
        if any(True for _ in module.buffers(recurse=False)) and not any(True for _ in module.parameters())
    }


def _selected(parts: Parts, on: On, among: set[nn.Module]) -> set[nn.Module]:
    """The modules of which `on` selects a buffer."""
    part = parts[on.part]
    return {
        module
        for root in members_of(part, on.blocks)
        for path, module in part.get_submodule(root).named_modules(prefix=root)
        if module in among
        for name, _ in module.named_buffers(recurse=False)
        if on.keep(f"{path}.{name}" if path else name, module)
    }


def _freeze_statistics(part: nn.Module) -> None:
    """Make batch normalisations use their running statistics, whether or not their weights are trained."""
    for module in part.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.eval()


def _train_only_block(parts: Parts, on: On, chosen: int | None) -> None:
    """Train only the chosen block; without one, set everything to evaluation mode."""
    part = parts[on.part]
    mine = [] if chosen is None else members_of(part, slice(chosen, chosen + 1))
    inside = {module for name in mine for module in part.get_submodule(name).modules()}
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
