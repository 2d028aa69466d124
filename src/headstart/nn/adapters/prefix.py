"""Prefix tokens: keys and values of each attention that learn (arXiv:2101.00190)."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Literal, Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from headstart.core import BadInput

from .acting import Call, probed
from .adapter import AroundAdapter, empty_like
from .attended import Asked, Attending
from .kind import AdapterKind, Built
from .sites import layers_named


class Prefix(AroundAdapter):
    """Keys (h, count, d) and values (h, count, e) in front of those of a layer's attention.

    Every token sees them, whatever the masks hide. With a gate g (h, 1, 1), which is 0 at the start, the
    attention to them is computed apart and times tanh(g) added (arXiv:2303.16199): then the layer answers at
    first as without them.
    """

    def __init__(
        self, like: Tensor, heads: int, count: int, key_width: int, value_width: int, gate: bool = False
    ) -> None:
        """Build a prefix of zeros.

        Args:
            like: a tensor of the type and on the device that it is to have.
            heads: h of the keys, >= 1.
            count: of tokens, >= 1.
            key_width: d, >= 1.
            value_width: e, >= 1.
            gate: whether they are gated.
        """
        super().__init__()
        self.keys = empty_like(like, heads, count, key_width)
        self.values = empty_like(like, heads, count, value_width)
        self.gate = empty_like(like, heads, 1, 1) if gate else None

    @property
    def settings(self) -> Mapping[str, Any]:
        """The arguments of `for_layer`."""
        heads, count, width = self.keys.shape
        widths = {"key_width": width, "value_width": self.values.shape[-1]}
        return {"heads": heads, "count": count, **widths, "gate": self.gate is not None}

    @classmethod
    def for_layer(cls, layer: nn.Module, **settings: Any) -> Self:
        """Build one for a layer with parameters."""
        return cls(next(layer.parameters()), **settings)

    def forward(self, call: Callable[..., Any], given: Mapping[str, Any]) -> Any:
        """What the layer returns with the prefix in its attention."""
        with _With(self.attend):
            return call(**given)

    def attend(self, asked: Asked) -> Tensor:
        """Mixed values (n, h', l, e) of an attention."""
        query, key, value, mask, how = asked
        keys, values = self._for(self.keys, key), self._for(self.values, value)
        if self.gate is not None:
            gate = self.gate.to(query).tanh()
            gate = gate.repeat_interleave(query.shape[-3] // len(gate), 0)
            return asked.answered() + gate * Asked(query, keys, values, None, how).answered()
        if mask is not None:
            mask = mask.expand(*mask.shape[:-1], key.shape[-2])
            mask = F.pad(mask, (keys.shape[-2], 0), value=mask.dtype == torch.bool)
        joined = torch.cat([keys, key], -2), torch.cat([values, value], -2)
        return Asked(query, *joined, mask, how).answered()

    def _for(self, own: Tensor, given: Tensor) -> Tensor:
        """Own tokens (h, count, d) beside given ones (n, h', s, d), whose heads may be repeated."""
        repeated = own.to(given).repeat_interleave(given.shape[-3] // len(own), 0)
        return repeated.expand(*given.shape[:-3], -1, -1, -1)


class _With(Attending):
    """A context in which each attention is answered by a function."""

    def __init__(self, attend: Callable[[Asked], Tensor]) -> None:
        super().__init__()
        self._attend = attend

    def attend(self, asked: Asked) -> Tensor:
        """What the function answers."""
        return self._attend(asked)


@dataclass(frozen=True, kw_only=True)
class PrefixTokens(AdapterKind):
    """Keys and values in front of those of the attention of each layer of a transformer.

    They act where the attention is computed by `scaled_dot_product_attention` or an
    `nn.MultiheadAttention`. The answers are others from the start on, unless there is a gate.

    Attributes:
        count: tokens in a layer, >= 1.
        gate: whether they are gated (arXiv:2303.16199), so that the first answers are those of the model.
        initial: "tokens" copies keys and values of tokens of the example; "random" draws numbers of their
            deviation.
    """

    title: ClassVar[str] = "Prefix tokens"
    instead: ClassVar[str] = "It has no transformer's layers: take LoRA, or a prompt in pixels."
    count: int = 8
    gate: bool = False
    initial: Literal["random", "tokens"] = "tokens"

    def build(self, module: nn.Module, call: Call | None) -> Iterator[Built]:
        """One for each layer of a transformer that is called."""
        paths = layers_named(module, self.at)
        if paths and call is None:
            raise BadInput("Prefix tokens need an example, on which the keys of each layer are looked at.")
        for path, asked in (_attentions(module, call, paths) if call else {}).items():
            yield Built(path, self._of(path, asked))

    def _of(self, path: str, asked: list[Asked]) -> Prefix:
        if len(asked) != 1 or asked[0].key.ndim != 4:
            raise BadInput(
                f"The layer {path} does not compute one attention by torch's functions, so that prefix "
                "tokens can't join it. Take token prompts where layers read rows of tokens, else LoRA; a "
                "model of transformers can be loaded with attn_implementation='sdpa'."
            )
        times = _repeated(asked[0].key)
        key, value = asked[0].key[:, ::times], asked[0].value[:, ::times]
        heads, widths = key.shape[-3], (key.shape[-1], value.shape[-1])
        made = Prefix(key, heads, self.count, *widths, self.gate)
        rows = torch.randint(key.shape[0] * key.shape[-2], (self.count,), device=key.device)
        with torch.no_grad():
            for own, given in ((made.keys, key), (made.values, value)):
                chosen = given.transpose(0, 1).flatten(1, 2)[:, rows]
                drawn = given.std() * torch.randn_like(own)
                own.copy_(chosen if self.initial == "tokens" else drawn)
        return made


def _repeated(key: Tensor) -> int:
    """How many times each head of keys (n, h, s, d) stands there: several queries may share one."""
    heads = key.shape[1]
    times = [one for one in range(heads, 1, -1) if heads % one == 0]
    return next((one for one in times if torch.equal(key[:, ::one].repeat_interleave(one, 1), key)), 1)


def _attentions(module: nn.Module, call: Call, paths: list[str]) -> dict[str, list[Asked]]:
    """What the attentions in layers that are called are asked, by the paths of the layers."""
    found: dict[str, list[Asked]] = {}
    inside: list[str] = []

    def enter(path: str, _layer: nn.Module, _args: Any) -> None:
        inside.append(path)
        found.setdefault(path, [])

    def leave(_layer: nn.Module, _args: Any, _output: Any) -> None:
        inside.pop()

    def note(asked: Asked) -> Tensor:
        if inside:
            found[inside[-1]].append(asked)
        return asked.answered()

    handles = []
    for path in paths:
        layer = module.get_submodule(path)
        handles += [
            layer.register_forward_pre_hook(partial(enter, path)),
            layer.register_forward_hook(leave),
        ]
    try:
        with probed(module, training=False), torch.no_grad(), _With(note):
            call()
    finally:
        for handle in handles:
            handle.remove()
    return found
