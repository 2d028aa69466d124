"""The forward of a layer with adapters around it."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from functools import partial, wraps
from typing import Any

from torch import nn

from headstart.core import BadInput

from .adapter import AroundAdapter

Forward = Callable[..., Any]


def forward_around(plain: Forward, adapters_of: Callable[[nn.Module], Iterable[AroundAdapter]]) -> Forward:
    """A forward with adapters around another one, the last outermost.

    Args:
        plain: the forward of a class of layers.
        adapters_of: those around a layer.
    """
    ways = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    names = [name for name, one in inspect.signature(plain).parameters.items() if one.kind in ways][1:]

    @wraps(plain)
    def forward(layer: nn.Module, *args: Any, **kwargs: Any) -> Any:
        call: Forward = partial(plain, layer)
        for adapter in adapters_of(layer):
            call = partial(_call, adapter, call)
        return call(**_named(layer, names, args, kwargs))

    return forward


def _call(adapter: AroundAdapter, call: Forward, /, **given: Any) -> Any:
    return adapter(call, given)


def _named(
    layer: nn.Module, names: list[str], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> dict[str, Any]:
    """The arguments of a layer by name, its input first."""
    found = dict(zip(names, args, strict=False)) | dict(kwargs)
    if not names or len(args) > len(names) or names[0] not in found:
        raise BadInput(f"{type(layer).__name__} takes arguments without names, so nothing can go around it.")
    return {names[0]: found.pop(names[0]), **found}
