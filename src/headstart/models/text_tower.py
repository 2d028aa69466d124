"""The text tower of a folder of CLIP or its kind, or of a run of pairs, for learned context."""

from abc import abstractmethod
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from headstart.core import BadInput, Tokens
from headstart.core.text_tower import ClassPrompts, TextTower

from . import image_text, texts
from .prompts import PLACE, require_templates


class Tower(TextTower):
    """An encoder of texts whose tokens have vectors.

    Attributes:
        tokens: makes ids of texts.
    """

    tokens: Tokens

    @abstractmethod
    def vectors(self, ids: Tensor) -> Tensor:
        """Vectors (n, length, d) of ids (n, length), padded with -1."""

    def prompts(self, template: str, names: Sequence[str], length: int = 0) -> ClassPrompts:
        """See `TextTower`."""
        (template,) = require_templates((template,))
        template = template[template.index(PLACE) :] if length else template
        filled = [template.replace(PLACE, name) for name in names]
        ids = self.tokens(filled)
        start, count = self._context(filled[0], template.index(PLACE))
        if length:
            extra = ids[:, start : start + 1].expand(-1, length)
            ids, count = torch.cat([ids[:, :start], extra, ids[:, start:]], 1), length
        if not count:
            raise BadInput(
                f"The template {template!r} has no words before {PLACE} that could be a context. "
                f"Take another, such as 'a photo of a {PLACE}.', or say how many tokens the context has."
            )
        longest = int((ids >= 0).sum(1).max())
        if longest > self.tokens.limit or self.tokens.ids(filled)[1].any():
            raise BadInput(
                f"A prompt has more than the {self.tokens.limit} tokens that the encoder of texts reads. "
                "Take a shorter context or template, or shorter names of classes."
            )
        with torch.no_grad():
            vectors = self.vectors(ids)
        return ClassPrompts(ids, vectors, slice(start, start + count))

    def _context(self, filled: str, end: int) -> tuple[int, int]:
        """First place and number of the tokens of a text before a character, special ones aside."""
        from tokenizers import Tokenizer

        offsets = Tokenizer.from_str(self.tokens.tokenizer).encode(filled).offsets
        words = [place for place, (first, last) in enumerate(offsets) if last > first]
        return words[0], sum(offsets[place][1] <= end for place in words)


class TableTower(Tower):
    """An encoder of ids that has a table of their vectors.

    Attributes:
        encoder: of ids (n, length), padded with -1, to embeddings.
        table: with a vector of each id.
    """

    def __init__(self, encoder: nn.Module, tokens: Tokens, table: nn.Embedding, scale: float) -> None:
        self.encoder, self.tokens = encoder.eval().requires_grad_(False), tokens
        self.table, self.scale = table, scale

    def vectors(self, ids: Tensor) -> Tensor:
        """Those of the table; of padding that of the first id."""
        found: Tensor = self.table(ids.clamp(min=0).to(self.table.weight.device))
        return found

    def encode(self, ids: Tensor, vectors: Tensor) -> Tensor:
        """See `TextTower`."""
        ids = ids.to(vectors.device)
        self.encoder.to(vectors.device)
        there = ids >= 0

        def replaced(_module: nn.Module, args: tuple[Tensor], output: Tensor) -> Tensor:
            """The table's output, with the vectors at the tokens that are no padding."""
            more = args[0].shape[1] - ids.shape[1]  # encoders of one length fill up
            place = pad(there, (0, more))
            if getattr(self.encoder, "left", False):
                places = torch.arange(args[0].shape[1], device=ids.device)
                place = places >= args[0].shape[1] - there.sum(1, keepdim=True)
            return output.masked_scatter(place[:, :, None], vectors[there].to(output.dtype))

        handle = self.table.register_forward_hook(replaced)
        try:
            found: Tensor = self.encoder(ids)
        finally:
            handle.remove()
        return found


@lru_cache(maxsize=1)
def text_tower(folder: str) -> TableTower:
    """The text tower of a folder of CLIP or its kind; that of the last folder is kept.

    Raises:
        BadInput: the folder is not there any more, or holds no such model.
    """
    encoder = image_text.build(folder, "text-encoder", True)
    assert isinstance(encoder, image_text.TextEncoder)
    config: Any = encoder.model.config
    words = config.text_config.vocab_size
    tables = (
        one for one in encoder.modules() if isinstance(one, nn.Embedding) and one.num_embeddings == words
    )
    return TableTower(encoder, texts.tokens_of(folder, encoder), next(tables), encoder.logit_scale)
