"""Views of texts: two adjacent spans of one text, as ids of tokens."""

import torch
from torch import Tensor, nn

from headstart.core.draws import reseeded, uniforms
from headstart.core.tokens import NOTHING, Tokens


def around(tokens: Tokens) -> tuple[list[int], list[int]]:
    """The ids that a tokenizer puts before and behind each text."""
    (first, second), _ = tokens.ids(["a", "the"])
    one, other = first.tolist(), second.tolist()
    shorter = min(len(one), len(other))
    before = next((i for i in range(shorter) if one[i] != other[i]), shorter)
    behind = next((i for i in range(shorter - before) if one[-1 - i] != other[-1 - i]), shorter - before)
    return one[:before], one[len(one) - behind :]


class AdjacentSpans(nn.Module):
    """Two spans of a text that follow each other, each with the ids that stand around any text.

    Their border and their lengths are drawn; each has `least` tokens at least. A text that is too short for
    two such spans is taken whole, twice (spans of one text: DeCLUTR, arXiv:2006.03659).
    """

    before: Tensor
    behind: Tensor

    def __init__(self, before: list[int], behind: list[int], least: int) -> None:
        """Of texts with the ids `before` and `behind` around them; spans of `least` tokens, >= 1."""
        super().__init__()
        self.least = least
        self.register_buffer("before", torch.tensor(before, dtype=torch.long), persistent=False)
        self.register_buffer("behind", torch.tensor(behind, dtype=torch.long), persistent=False)

    def forward(self, ids: Tensor, seed: Tensor) -> tuple[Tensor, Tensor]:
        """Both spans, int64 (n, length) each, padded with -1, of ids (n, length) and seeds (n,)."""
        start, border, end = self.borders(ids, seed)
        whole = border < 0
        front, back = len(self.before), (ids >= 0).sum(1) - len(self.behind)
        first = torch.where(whole, front, start), torch.where(whole, back, border)
        second = torch.where(whole, front, border), torch.where(whole, back, end)
        return self._span(ids, *first), self._span(ids, *second)

    def borders(self, ids: Tensor, seed: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Where the first span starts, the second follows and it ends, (n,) each; -1: too short."""
        count = (ids >= 0).sum(1) - len(self.before) - len(self.behind)
        draws = uniforms(reseeded(seed, 0), 3)
        free = count - 2 * self.least
        border = self.least + (draws[:, 0] * (free + 1)).long()
        start = (draws[:, 1] * (border - self.least + 1)).long()
        end = border + self.least + (draws[:, 2] * (count - border - self.least + 1)).long()
        there = free >= 0
        moved = (len(self.before) + one for one in (start, border, end))
        first, second, third = (torch.where(there, one, -1) for one in moved)
        return first, second, third

    def long_enough(self, ids: Tensor) -> Tensor:
        """Which texts (n,) have two spans."""
        return (ids >= 0).sum(1) >= len(self.before) + len(self.behind) + 2 * self.least

    def _span(self, ids: Tensor, start: Tensor, end: Tensor) -> Tensor:
        """The ids of places [start, end) of each row, with those around them."""
        front, size = len(self.before), end - start
        place = torch.arange(ids.shape[1], device=ids.device).expand_as(ids)
        source = (start[:, None] + place - front).clamp(0, ids.shape[1] - 1)
        found = torch.where(place < front + size[:, None], ids.gather(1, source), NOTHING)
        for number, one in enumerate(self.before):
            found = torch.where(place == number, one, found)
        for number, one in enumerate(self.behind):
            found = torch.where(place == (front + size)[:, None] + number, one, found)
        return found
