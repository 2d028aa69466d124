"""What a step computes in: seeds, memory format, training mode and `requires_grad`."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

import torch
from torch import nn

from headstart.core import On, Parts
from headstart.core.moves import members_of

T = TypeVar("T")
Learns = dict[
    nn.Module, bool | None
]  # whether a parameter in a module learns; None where there is no parameter


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
    learns: Learns = {}
    _set_gradients(parts, {id(parameter) for parameter in learning}, learns)
    still = {one for one, it in learns.items() if it is None and any(True for _ in _own(one._buffers))}
    if still:
        still -= {module for each in on for module in _selected(parts, each, still)}
    for part in parts.values():
        _set_mode(part, learns, still, among=False)
    for each in on:
        if each.statistics == "frozen":
            _freeze_statistics(parts[each.part])
        if each.chosen is not None:
            _train_only_block(parts, each, each.chosen(parts))


def set_eval(parts: Parts, train: tuple[str, ...] = ()) -> None:
    """Set all parts but those named to evaluation mode."""
    for name, part in parts.items():
        part.train(name in train)


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


def _set_gradients(module: nn.Module, learning: set[int], learns: Learns) -> bool | None:
    """Let the parameters in `learning` need a gradient and no others.

    It is called in every step, so that each module is looked at once, without torch's generators of names.

    Args:
        module: any.
        learning: the identities of parameters.
        learns: gets an entry for each module that it has none for.

    Returns:
        The entry of `module`.
    """
    if module in learns:
        return learns[module]
    found: bool | None = None
    for parameter in _own(module._parameters):
        mine = id(parameter) in learning
        if parameter.requires_grad != mine:
            parameter.requires_grad_(mine)
        found = mine or bool(found)
    for child in _own(module._modules):
        inner = _set_gradients(child, learning, learns)
        found = found if inner is None else inner or bool(found)
    learns[module] = found
    return found


def _set_mode(module: nn.Module, learns: Learns, still: set[nn.Module], among: bool) -> None:
    """Set the mode of a module and of those in it; `among` is the mode of the module around it."""
    it = learns[module]
    mode = (among and module not in still) if it is None else it
    if module.training != mode:
        module.training = mode
    for child in _own(module._modules):
        _set_mode(child, learns, still, mode)


def _own(members: Mapping[str, T | None]) -> Iterator[T]:
    """What a module has of its own, without what is registered as None."""
    return (one for one in members.values() if one is not None)
