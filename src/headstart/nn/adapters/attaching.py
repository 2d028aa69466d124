"""Attach adapters to layers, fold them in, and take them off; the layers' own tensors and names stay.

An adapter becomes the child `adapters.NAME` of its layer. A layer with adapters in weight space gets a class
whose tensors are properties: reading `layer.weight` gives the adapted weight, while the layer's parameter of
that name, and so its state dict, its optimiser and its gradient, is the weight itself. A layer with adapters
in activation space gets a forward hook that finds the adapters in the module it is called with, so that a
copy of a model calls its own. One with adapters around it gets a class whose forward calls them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from headstart.core import BadInput

from .adapter import ActivationAdapter, Adapter, AroundAdapter, WeightAdapter, first_of
from .around import forward_around
from .nesting import settle_nesting

CHILD = "adapters"


def attach(layer: nn.Module, adapter: Adapter, name: str = "1") -> None:
    """Let a layer use an adapter from now on, after those that it has.

    Args:
        layer: any module; its tensors stay the same.
        adapter: on the device of the layer and of its type.
        name: of this adapter at the layer.

    Raises:
        BadInput: the layer has an adapter of that name, or something else called `adapters`.
    """
    found = getattr(layer, CHILD, None)
    if found is not None and not isinstance(found, nn.ModuleDict):
        raise BadInput(
            f"{type(layer).__name__} has something of its own called {CHILD}: it can't be adapted."
        )
    if found is not None and name in found:
        raise BadInput(f"There is an adapter {name!r} at this {type(layer).__name__}. Take another name.")
    if found is None:
        layer.add_module(CHILD, found := nn.ModuleDict())
    found[name] = adapter
    _settle(layer)


def detach(layer: nn.Module, name: str = "1") -> Adapter:
    """Take an adapter off its layer, which is as it was before; KeyError if it has none of that name."""
    found = _adapters(layer)
    adapter: Any = found[name]
    del found[name]
    _settle(layer)
    if not found:
        delattr(layer, CHILD)
    return adapter  # type: ignore[no-any-return]


def adapted_layers(module: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """The layers in a module that have adapters, by path."""
    for path, layer in module.named_modules():
        if isinstance(getattr(layer, CHILD, None), nn.ModuleDict) and _adapters(layer):
            yield path, layer


def settle(module: nn.Module) -> None:
    """Let a module call its layers so that their adapters act, after some were attached or detached."""
    settle_nesting(module, {layer for _, layer in adapted_layers(module)})


def free_name(module: nn.Module) -> str:
    """The first of "1", "2", ... that no adapter in a module is called."""
    taken = {name for _, layer in adapted_layers(module) for name in _adapters(layer)}
    return next(str(number) for number in range(1, len(taken) + 2) if str(number) not in taken)


def is_of_adapter(_name: str, module: nn.Module) -> bool:
    """Whether the owner of a parameter is an adapter."""
    return isinstance(module, Adapter)


@torch.no_grad()
def fold(module: nn.Module) -> nn.Module:
    """Write what adapters add into the tensors of their layers, in place, and take them off.

    What is not linear stays: bottleneck adapters.

    Returns:
        `module`.
    """
    for _, layer in list(adapted_layers(module)):
        for name, adapter in list(_adapters(layer).items()):
            assert isinstance(adapter, Adapter)
            for tensor in adapter.tensors:
                own: Any = layer._parameters[tensor]
                folded = adapter.folded(tensor, own).detach()
                layer._parameters[tensor] = nn.Parameter(folded, own.requires_grad)
            if adapter.tensors:
                detach(layer, name)
    settle(module)
    return module


@contextmanager
def folded_in(module: nn.Module) -> Iterator[None]:
    """Context in which adapters are folded into the layers of a module; after it each is as it was."""
    kept = [
        (layer, dict(_adapters(layer).items()), dict(layer._parameters))
        for _, layer in adapted_layers(module)
    ]
    try:
        fold(module)
        yield
    finally:
        for layer, adapters, parameters in kept:
            layer._parameters.update(parameters)
            for name in list(_adapters(layer)):
                detach(layer, name)
            for name, adapter in adapters.items():
                assert isinstance(adapter, Adapter)
                attach(layer, adapter, name)
        settle(module)


def _adapters(layer: nn.Module) -> nn.ModuleDict:
    found: Any = layer._modules.get(CHILD)
    return found if isinstance(found, nn.ModuleDict) else nn.ModuleDict()


def _settle(layer: nn.Module) -> None:
    """Give a layer the class and the hook that its adapters need."""
    adapters = _adapters(layer).values()
    names = {name for one in adapters if isinstance(one, WeightAdapter) for name in one.tensors}
    around = any(isinstance(one, AroundAdapter) for one in adapters)
    kind: Any = _plain(type(layer))
    layer.__class__ = _reading(kind, tuple(sorted(names)), around) if names or around else kind
    if isinstance(layer, nn.RNNBase) and not names:
        layer._init_flat_weights()
    hooks = [key for key, hook in layer._forward_hooks.items() if hook is _add]
    # torch fuses no layer that has a hook
    acts = around or any(isinstance(one, ActivationAdapter) for one in adapters)
    if acts and not hooks:
        layer.register_forward_hook(_add)
    for key in [] if acts else hooks:
        del layer._forward_hooks[key]


def _add(layer: nn.Module, args: tuple[Any, ...], output: Any) -> Any:
    """The forward hook: the output with what the adapters of the layer add."""
    tensor = first_of(output)
    for adapter in _adapters(layer).values():
        if isinstance(adapter, ActivationAdapter):
            tensor = adapter(args[0] if args else None, tensor)
    return tensor if isinstance(output, Tensor) else (tensor, *output[1:])


def read_adapted(layer: nn.Module, name: str) -> Tensor | None:
    """A tensor of a layer with what its adapters in weight space add."""
    tensor = layer._parameters[name]
    for adapter in _adapters(layer).values():
        if tensor is not None and isinstance(adapter, WeightAdapter) and name in adapter.tensors:
            tensor = adapter(name, tensor)
    return tensor


def _plain(kind: type[nn.Module]) -> type[nn.Module]:
    """The class of a layer without adapters."""
    return getattr(kind, "_without_adapters", kind)


def _around(layer: nn.Module) -> list[AroundAdapter]:
    return [one for one in _adapters(layer).values() if isinstance(one, AroundAdapter)]


@cache
def _reading(kind: Any, names: tuple[str, ...], around: bool) -> type[nn.Module]:
    """A subclass of `kind`, called alike, in which the tensors `names` are read with the adapters' part.

    With `around` its forward has those adapters around it. It is shared by all layers that have the same, so
    that copies of a layer need nothing of their own.
    """

    def reader(name: str) -> property:
        return property(lambda layer: read_adapted(layer, name))

    def reduce(self: Any, _protocol: Any) -> Any:  # a class made here is found by what it is made of
        state = dict(self.__getstate__())
        if "_flat_weights" in state:  # a recurrent layer keeps what it read last, which may be adapted
            state["_flat_weights"] = [state["_parameters"].get(one) for one in state["_flat_weights_names"]]
        return _remade, (kind, names, around), state

    body: dict[str, Any] = {name: reader(name) for name in names}
    body |= {"_without_adapters": kind, "__reduce_ex__": reduce, "__doc__": kind.__doc__}
    body |= {"forward": forward_around(kind.forward, _around)} if around else {}
    return type(kind.__name__, (kind,), body)


def _remade(kind: Any, names: tuple[str, ...], around: bool) -> nn.Module:
    made = _reading(kind, names, around)
    return made.__new__(made)
