"""What a layer is told of its tokens, such as masks, for more of them: some more stand in front."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import pad


class MoreTokens(NamedTuple):
    """Tokens in front of those of a sequence, which see them all."""

    front: int  # how many of them
    length: int  # of the sequence
    rows: int
    causal: bool  # whether a token sees those before it alone; so do those in front
    hides: bool  # whether True in a mask hides, as in torch's own attention, or shows

    def told(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments of a layer, but for its input, by name, for all tokens."""
        return {name: self._of(name, value) for name, value in given.items()}

    def _of(self, name: str, value: Any) -> Any:
        if name == "position_embeddings" and isinstance(value, tuple) and len(value) == 2:
            return self._rotations(*value)
        if not isinstance(value, Tensor) or value.ndim < 2 or value.shape[-1] != self.length:
            return value
        if name.startswith(("encoder_", "memory", "cross_")):
            return value
        if "mask" in name or value.dtype == torch.bool:
            return self._mask(value, self._has_queries(name, value))
        return pad(value, (self.front, 0)) if "position_ids" in name else value

    def _rotations(self, cosine: Tensor, sine: Tensor) -> tuple[Tensor, Tensor]:
        """Rotary embeddings (..., length, d): those in front are all at position 0."""
        if cosine.shape[-2] != self.length:
            return cosine, sine
        return pad(cosine, (0, 0, self.front, 0), value=1.0), pad(sine, (0, 0, self.front, 0))

    def _has_queries(self, name: str, mask: Tensor) -> bool:
        """Whether a mask (..., queries, length) tells what each token sees, or (..., length) what all see."""
        if mask.shape[-2] != self.length or (mask.ndim > 3 and self.length == 1 and not self.causal):
            return False
        if mask.ndim > 2:
            return True
        return "padding" not in name and (self.hides or self.rows != self.length)

    def _mask(self, mask: Tensor, queries: bool) -> Tensor:
        """A mask (..., length) or (..., queries, length) for all."""
        shown, hidden = self._values(mask)
        longer = pad(mask, (self.front, 0), value=shown)
        if not queries:
            return longer
        own = mask.new_full((self.front, self.front), shown)
        if self.causal:
            later = torch.ones_like(own, dtype=torch.bool).triu(1)
            own = own.masked_fill(later, hidden)
        seen = self._seen_by_any(mask, hidden)
        front = torch.cat([own.expand(*mask.shape[:-2], -1, -1), seen], -1)
        return torch.cat([front, longer], -2)

    def _seen_by_any(self, mask: Tensor, hidden: float | bool) -> Tensor:
        """What those in front see of the sequence (..., count, length): what any token sees, or nothing."""
        shape = (*mask.shape[:-2], self.front, self.length)
        if self.causal:
            return mask.new_full(shape, hidden)
        seen = mask.all(-2, keepdim=True) if self.hides and mask.dtype == torch.bool else _most(mask)
        return seen.expand(shape)

    def _values(self, mask: Tensor) -> tuple[float | bool, float | bool]:
        """What shows and what hides in a mask."""
        if mask.dtype == torch.bool:
            return not self.hides, self.hides
        return (0.0, torch.finfo(mask.dtype).min) if mask.is_floating_point() else (1, 0)


def _most(mask: Tensor) -> Tensor:
    return mask.any(-2, keepdim=True) if mask.dtype == torch.bool else mask.amax(-2, keepdim=True)
