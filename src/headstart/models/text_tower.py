"""The text tower of a folder of CLIP or its kind, for learned context."""

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


class FolderTower(TextTower):
    """The encoder of texts in a folder of a model of pictures and texts."""

    def __init__(self, encoder: image_text.TextEncoder, tokens: Tokens) -> None:
        self.encoder, self.tokens = encoder.eval().requires_grad_(False), tokens
        self.scale = encoder.logit_scale
        config: Any = encoder.model.config
        words = config.text_config.vocab_size
        self.table = next(
            module
            for module in encoder.modules()
            if isinstance(module, nn.Embedding) and module.num_embeddings == words
        )

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
            vectors = self.table(ids.clamp(min=0).to(self.table.weight.device))
        return ClassPrompts(ids, vectors, slice(start, start + count))

    def encode(self, ids: Tensor, vectors: Tensor) -> Tensor:
        """See `TextTower`."""
        ids = ids.to(vectors.device)
        self.encoder.to(vectors.device)
        there = ids >= 0

        def replaced(_module: nn.Module, args: tuple[Tensor], output: Tensor) -> Tensor:
            """The table's output, with the vectors at the tokens that are no padding."""
            more = args[0].shape[1] - ids.shape[1]  # encoders of one length fill up
            place = pad(there, (0, more))
            if self.encoder.left:
                places = torch.arange(args[0].shape[1], device=ids.device)
                place = places >= args[0].shape[1] - there.sum(1, keepdim=True)
            return output.masked_scatter(place[:, :, None], vectors[there].to(output.dtype))

        handle = self.table.register_forward_hook(replaced)
        try:
            found: Tensor = self.encoder(ids)
        finally:
            handle.remove()
        return found

    def _context(self, filled: str, end: int) -> tuple[int, int]:
        """First place and number of the tokens of a text before a character, special ones aside."""
        from tokenizers import Tokenizer

        offsets = Tokenizer.from_str(self.tokens.tokenizer).encode(filled).offsets
        words = [place for place, (first, last) in enumerate(offsets) if last > first]
        return words[0], sum(offsets[place][1] <= end for place in words)


@lru_cache(maxsize=1)
def text_tower(folder: str) -> FolderTower:
    """The text tower of a folder; that of the last folder is kept.

    Raises:
        BadInput: the folder is not there any more, or holds no such model.
    """
    encoder = image_text.build(folder, "text-encoder", True)
    assert isinstance(encoder, image_text.TextEncoder)
    return FolderTower(encoder, texts.tokens_of(folder, encoder))
