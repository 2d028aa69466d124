"""Adapters as data: JSON values from which they are built again, to be filled with their parameters."""

from collections.abc import Mapping
from typing import Any

from torch import nn

from .adapter import Adapter
from .attaching import attach, free_name, settle
from .bottleneck import Bottleneck
from .convolution import ParallelConv, SeriesConv
from .lora import LoraActivation, LoraWeight, LoraWeights
from .prefix import Prefix
from .scaling import Scale
from .token_prompts import TokenPrompt

CLASSES: dict[str, type[Adapter]] = {
    kind.__name__: kind
    for kind in (
        Bottleneck,
        LoraActivation,
        LoraWeight,
        LoraWeights,
        ParallelConv,
        Prefix,
        Scale,
        SeriesConv,
        TokenPrompt,
    )
}


def describe(adapters: Mapping[str, Adapter]) -> dict[str, Any]:
    """The class and the settings of adapters by the paths of their layers."""
    return {path: {"class": type(one).__name__, **one.settings} for path, one in adapters.items()}


def rebuild(module: nn.Module, layers: Mapping[str, Any]) -> dict[str, Adapter]:
    """Adapters for the layers of a module by what `describe` gave, with the values of the start."""
    found = {}
    for path, settings in layers.items():
        plain = {name: value for name, value in settings.items() if name != "class"}
        found[path] = CLASSES[settings["class"]].for_layer(module.get_submodule(path), **plain)
    for one in found.values():
        one.join(list(found.values()))
    return found


def attach_all(module: nn.Module, adapters: Mapping[str, Adapter], name: str = "") -> None:
    """Attach adapters to the layers of a module, by path, under a name; "": a free one."""
    name = name or free_name(module)
    for path, adapter in adapters.items():
        attach(module.get_submodule(path), adapter, name)
    settle(module)
