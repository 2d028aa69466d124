"""The attention of layers, wherever it is computed: torch's two functions are met on their way."""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from headstart.core import BadInput

_WHOLE = F.multi_head_attention_forward
_NAMES = tuple(inspect.signature(_WHOLE).parameters)


class Asked(NamedTuple):
    """The arguments of an attention: queries (n, h, l, d), keys (n, h', s, d), values (n, h', s, e)."""

    query: Tensor
    key: Tensor
    value: Tensor
    mask: Tensor | None  # (..., l, s) that broadcasts: True or 0 shows
    how: dict[str, Any]  # all others, by name

    @classmethod
    def of(
        cls,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attn_mask: Tensor | None = None,
        dropout_p: float = 0.0,
        is_causal: bool = False,
        **others: Any,
    ) -> "Asked":
        """The arguments of `scaled_dot_product_attention`; a causal one gets its mask."""
        if is_causal:
            shape = (query.shape[-2], key.shape[-2])
            attn_mask = torch.ones(shape, dtype=torch.bool, device=query.device).tril()
        return cls(query, key, value, attn_mask, {"dropout_p": dropout_p, **others})

    def answered(self) -> Tensor:
        """The mixed values (n, h, l, e)."""
        return F.scaled_dot_product_attention(*self[:3], attn_mask=self.mask, **self.how)


class Attending(TorchFunctionMode, ABC):
    """A context in which `attend` answers each attention."""

    @abstractmethod
    def attend(self, asked: Asked) -> Tensor:
        """Mixed values (n, h, l, e)."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Answer torch's two attentions, and let all else through."""
        if func is F.scaled_dot_product_attention:
            return self.attend(Asked.of(*args, **(kwargs or {})))
        if func is _WHOLE:
            return self._whole(dict(zip(_NAMES, args, strict=False)) | dict(kwargs or {}))
        return func(*args, **(kwargs or {}))

    def _whole(self, given: dict[str, Any]) -> tuple[Tensor, None]:
        """The attention of an `nn.MultiheadAttention`: (l, n, d); no weights are returned."""
        if given["bias_k"] is not None or given["add_zero_attn"] or given.get("static_k") is not None:
            raise BadInput("An attention with keys of its own can't be told from one with a prefix.")
        query, key, value = _projected(given)
        how = {"dropout_p": given["dropout_p"] if given.get("training", True) else 0.0}
        found = self.attend(Asked(query, key, value, _mask_of(given, len(query)), how))
        mixed = found.permute(2, 0, 1, 3).flatten(2)
        return F.linear(mixed, given["out_proj_weight"], given["out_proj_bias"]), None


def _projected(given: Mapping[str, Any]) -> list[Tensor]:
    """Queries, keys and values (n, h, l, d) of an `nn.MultiheadAttention`."""
    if given.get("use_separate_proj_weight"):
        weights = [given[f"{name}_proj_weight"] for name in "qkv"]
    else:
        weights = given["in_proj_weight"].chunk(3)
    biases = [None] * 3 if given["in_proj_bias"] is None else given["in_proj_bias"].chunk(3)
    inputs = [given[name] for name in ("query", "key", "value")]
    found = [F.linear(*one) for one in zip(inputs, weights, biases, strict=True)]
    heads = given["num_heads"]
    return [one.view(*one.shape[:-1], heads, -1).permute(1, 2, 0, 3) for one in found]


def _mask_of(given: Mapping[str, Any], rows: int) -> Tensor | None:
    """Both masks of an `nn.MultiheadAttention` as one, where True hides, of floats that are added."""
    own, padding, like = given.get("attn_mask"), given.get("key_padding_mask"), given["query"]
    own = None if own is None else _added(own, like)
    if own is not None and own.ndim == 3:
        own = own.view(rows, -1, *own.shape[1:])
    hidden = None if padding is None else _added(padding, like)[:, None, None]
    return hidden if own is None else own if hidden is None else own + hidden


def _added(mask: Tensor, like: Tensor) -> Tensor:
    """A mask in which True hides as numbers to add; such numbers stay."""
    if mask.dtype != torch.bool:
        return mask.to(like.dtype)
    return torch.zeros_like(mask, dtype=like.dtype).masked_fill(mask, -torch.inf)
