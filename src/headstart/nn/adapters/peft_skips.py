"""What PEFT itself does with adapters of layers that are not called, which it puts modules around."""

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import torch
from torch import nn

from .acting import Call, probed
from .convolution import is_convolution


class PeftWarning(UserWarning):
    """PEFT itself answers otherwise with this folder than headstart does."""


def layers_run(module: nn.Module, call: Call, paths: Iterable[str], training: bool) -> set[str]:
    """Those of some layers whose forward a forward of the module runs.

    Unlike a hook, for which torch leaves its fused ways, this sees what a module around a layer would.

    Args:
        module: any, whose parameters need no gradient; nothing in it changes.
        call: a forward of it.
        paths: of the layers.
        training: the mode.
    """
    run: set[str] = set()
    with probed(module, training), torch.no_grad(), _watched(module, paths, run):
        call()
    return run


@contextmanager
def _watched(module: nn.Module, paths: Iterable[str], run: set[str]) -> Iterator[None]:
    layers: dict[str, Any] = {path: module.get_submodule(path) for path in paths}
    for path, layer in layers.items():
        layer.forward = _noting(layer.forward, path, run)
    try:
        yield
    finally:
        for layer in layers.values():
            del layer.forward


def _noting(forward: Any, path: str, run: set[str]) -> Any:
    @wraps(forward)
    def noting(*args: Any, **kwargs: Any) -> Any:
        run.add(path)
        return forward(*args, **kwargs)

    return noting


def warn_of_doubling(paths: Iterable[str], stacklevel: int) -> None:
    """Say that PEFT adds the products of some layers twice, which is allowed for."""
    if paths := list(paths):
        text = f"PEFT up to 0.21.2 adds the products of {_names(paths)} twice. The factors allow for it."
        warnings.warn(text, PeftWarning, stacklevel=stacklevel)


def warn_of_skips(module: nn.Module, call: Call | None, wrapped: Iterable[str], stacklevel: int) -> None:
    """Say where PEFT itself would answer otherwise, because it puts modules around layers.

    Args:
        module: any.
        call: a forward of it; None: what is called is not known, and nothing is said of it.
        wrapped: paths of the layers that PEFT wraps.
        stacklevel: of the warning.
    """
    wrapped = list(dict.fromkeys(wrapped))
    said = [_about_convolutions(module, wrapped)]
    if call is not None:
        trains = layers_run(module, call, wrapped, training=True)
        answers = layers_run(module, call, wrapped, training=False)
        never = [path for path in wrapped if path not in trains | answers]
        in_training = [path for path in wrapped if path in trains - answers]
        said += [_about_never(never), _about_training(in_training)]
    if text := " ".join(filter(None, said)):
        warnings.warn(text, PeftWarning, stacklevel=stacklevel)


def _about_never(paths: list[str]) -> str:
    if not paths:
        return ""
    return (
        f"PEFT itself skips the adapters of {_names(paths)}: what is around them reads their weights and "
        "does not call them, so that there they neither learn nor act until they are merged. Here they do."
    )


def _about_training(paths: list[str]) -> str:
    if not paths:
        return ""
    return (
        f"PEFT itself uses the adapters of {_names(paths)} in training alone: in evaluation what is around "
        "them reads their weights, so that there they do not act until they are merged. Here they do in both."
    )


def _about_convolutions(module: nn.Module, paths: list[str]) -> str:
    layers: dict[str, Any] = {path: module.get_submodule(path) for path in paths}
    other = [
        path
        for path, layer in layers.items()
        if is_convolution(layer) and (max(layer.dilation) > 1 or layer.padding_mode != "zeros")
    ]
    if not other:
        return ""
    return (
        f"PEFT itself computes the products of {_names(other)} without their dilation and padding mode, "
        "until they are merged. Here they are what merging gives."
    )


def _names(paths: list[str]) -> str:
    return f"{', '.join(paths[:3])} and {len(paths) - 3} more layers" if len(paths) > 4 else ", ".join(paths)
