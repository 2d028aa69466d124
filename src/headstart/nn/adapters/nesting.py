"""`nn.TransformerEncoder` nests padded rows in evaluation, and only layers that torch fuses can read those.

A layer with adapters is not fused. An encoder that has some takes padded rows as they are, as in training,
and gives 0 for the padding in evaluation, as it does of nested rows.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn


def settle_nesting(module: nn.Module, adapted: set[nn.Module]) -> None:
    """Let the encoders in a module nest rows unless they have an adapted layer, as they did before."""
    for encoder in module.modules():
        if isinstance(encoder, nn.TransformerEncoder):
            _settle(encoder, not adapted.isdisjoint(encoder.modules()))


@contextmanager
def unnested(module: nn.Module) -> Iterator[None]:
    """Context in which no encoder in a module nests rows."""
    held = [one for one in module.modules() if isinstance(one, nn.TransformerEncoder) if not _hooks(one)]
    try:
        for encoder in held:
            _settle(encoder, True)
        yield
    finally:
        for encoder in held:
            _settle(encoder, False)


def _settle(encoder: nn.TransformerEncoder, adapted: bool) -> None:
    hooks = _hooks(encoder)
    if adapted and encoder.use_nested_tensor:
        encoder.use_nested_tensor = False
        encoder.register_forward_hook(_blank, with_kwargs=True)
    for key in [] if adapted else hooks:
        encoder.use_nested_tensor = True
        del encoder._forward_hooks[key], encoder._forward_hooks_with_kwargs[key]


def _hooks(encoder: nn.TransformerEncoder) -> list[int]:
    return [key for key, hook in encoder._forward_hooks.items() if hook is _blank]


def _blank(encoder: nn.TransformerEncoder, args: tuple[Any, ...], given: dict[str, Any], x: Tensor) -> Tensor:
    """The forward hook: 0 for the padding where rows are nested, and with gradients too, in evaluation."""
    named = dict(zip(("src", "mask", "src_key_padding_mask"), args, strict=False)) | given
    padding, first = named.get("src_key_padding_mask"), encoder.layers[0]
    if padding is None or named.get("mask") is not None or first.training:
        return x
    absent = padding != 0 if padding.is_floating_point() else padding
    return x.masked_fill(absent[..., None], 0)
