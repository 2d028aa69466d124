"""The text tower of two encoders that were trained together by `headstart pretrain-pairs`."""

from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache, partial
from pathlib import Path

import torch
from torch import Tensor, nn

from headstart.core import BadInput, Tokens

from .pair_folder import FILES, PAIR, of_pictures, read_logits
from .projected import Projected
from .text_tower import TableTower, Tower
from .words import WordEncoder
from .wrapped import AnyBackbone


def tower_beside(name: object, opened: Callable[[Path], AnyBackbone]) -> Callable[[], Tower] | None:
    """What gives the text tower of the encoder of pictures "image-encoder:FOLDER"; None of any other name.

    Args:
        name: of a backbone.
        opened: opens the file of an encoder.
    """
    if (folder := of_pictures(name)) is None:
        return None
    return partial(_kept, opened, folder, (folder / PAIR).stat().st_mtime_ns)


@lru_cache(maxsize=1)
def _kept(opened: Callable[[Path], AnyBackbone], folder: Path, _made: int) -> Tower:
    """The text tower in a folder that was made at a time; the last one is kept."""
    return tower_of(opened(folder / FILES["text-encoder"]), read_logits(folder).scale)


def tower_of(encoder: AnyBackbone, scale: float) -> Tower:
    """The text tower of the encoder of texts.

    Args:
        encoder: with its projection.
        scale: of the cosines, as it was learned.

    Raises:
        BadInput: it has no table of its tokens' vectors.
    """
    tokens, inner = encoder.tokens, encoder.inner
    assert tokens is not None
    if isinstance(inner, Projected) and isinstance(inner.encoder, WordEncoder):
        return WordTower(inner.projection.weight.T, tokens, scale)
    return TableTower(encoder, tokens, table_of(encoder, tokens), scale)


class WordTower(Tower):
    """Counts of words, of which each has learned an embedding: a text is the sum of those of its words.

    A word that is there k times counts log(1 + k) times; one that is not known has the vector 0.
    """

    def __init__(self, embeddings: Tensor, tokens: Tokens, scale: float) -> None:
        """With the embeddings (words, width) of the ids from 1 on."""
        self.table = torch.cat([torch.zeros_like(embeddings[:1]), embeddings.detach()])
        self.tokens, self.scale = tokens, scale

    def vectors(self, ids: Tensor) -> Tensor:
        """The embeddings of words."""
        return self.table[ids.clamp(min=0)]

    def encode(self, ids: Tensor, vectors: Tensor) -> Tensor:
        """See `TextTower`."""
        ids = ids.to(vectors.device)
        same = (ids[:, :, None] == ids[:, None, :]) & (ids > 0)[:, :, None]
        times = same.sum(2).clamp(min=1).to(vectors)
        weights = torch.where(ids >= 0, times.log1p() / times, 0)
        return (weights[:, :, None] * vectors).sum(1)


def table_of(encoder: nn.Module, tokens: Tokens) -> nn.Embedding:
    """The table of the tokens' vectors: as the model says, or the first that is large enough.

    Raises:
        BadInput: there is none.
    """
    from tokenizers import Tokenizer

    for module in encoder.modules():
        ask = getattr(module, "get_input_embeddings", None)
        with suppress(AttributeError, NotImplementedError):  # of a model whose embeddings lie elsewhere
            if isinstance(found := ask and ask(), nn.Embedding):
                return found
    words = Tokenizer.from_str(tokens.tokenizer).get_vocab_size()
    tables = [module for module in encoder.modules() if isinstance(module, nn.Embedding)]
    large = [table for table in tables if table.num_embeddings >= words]
    if not large:
        raise BadInput(
            f"The encoder of texts has no table with a vector of each of its {words} tokens, which those of "
            "a context could take the place of."
        )
    return large[0]
