"""Texts as counts of their words: a backbone that has learned nothing but which words there are."""

import copy
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Self

import torch
from torch import Tensor, nn

from headstart.core import MissingPackage, Tokens

from .anatomy import Anatomy
from .layout import Layout
from .texts import example
from .wrapped import AnyBackbone

MOST = 5000  # words that are counted
LIMIT = 2**24  # words that are read of a text: all
UNKNOWN = "[UNK]"  # id 0
WORD = r"\w+|[^\w\s]"  # letters and digits in a row, or one other character


class LogCounts(nn.Module):
    """log(1 + count) of each id from 1 on: ids (n, length), padded with -1, to (n, words)."""

    def __init__(self, words: int) -> None:
        super().__init__()
        self.words = words

    def forward(self, ids: Tensor) -> Tensor:
        """Ids of 0, unknown words, count nothing."""
        counts = torch.zeros(ids.shape[0], self.words + 1, device=ids.device)
        counts = counts.scatter_add(1, ids.clamp(min=0), (ids > 0).to(counts))
        return counts[:, 1:].log1p()


class WordEncoder(AnyBackbone):
    """A backbone of texts whose features (n, words) are log(1 + count) of each word; it has no weights.

    Its tokens are words in small letters and single other characters, of which the most common are counted.
    """

    def __init__(self, tokens: Tokens, words: int) -> None:
        """With ids from 1 to `words`, >= 1."""
        inner, axes = LogCounts(words), Layout(0, 1)
        parts = Anatomy(
            order=(),
            head=None,
            width=words,
            blocks=(),
            unused=(),
            shared=(),
            outside=(),
            taps={},
            output=axes,
        )
        source = {"kind": "words", "name": "words", "words": words}
        super().__init__(inner.eval(), parts, "words", source, None, example(tokens))
        self.tokens = tokens

    @classmethod
    def of(cls, texts: Sequence[str]) -> Self:
        """Count the words that most of the texts have; among those of as many texts, the first by alphabet.

        Raises:
            MissingPackage: tokenizers is not installed.
        """
        split = _tokenizer({})
        words: Counter[str] = Counter()
        for text in texts:
            small = split.normalizer.normalize_str(text.encode("utf-8", "replace").decode())
            words.update({word for word, _ in split.pre_tokenizer.pre_tokenize_str(small)})
        often = sorted(words, key=lambda word: (-words[word], word))[:MOST] or ["the"]
        ids = {UNKNOWN: 0} | {word: place for place, word in enumerate(often, 1)}
        return cls(Tokens(_tokenizer(ids).to_str(), LIMIT), len(often))

    @classmethod
    def rebuilt(cls, source: Mapping[str, Any], tokens: Tokens | None) -> Self:
        """From its `source`, also after a trip through JSON, and its tokens."""
        assert tokens is not None
        return cls(tokens, int(source["words"]))

    @property
    def learned(self) -> bool:
        """Nothing."""
        return False

    def untrained(self, seed: int) -> Self:
        """The same: there are no weights."""
        fresh = copy.deepcopy(self)
        fresh.trained_head = None
        return fresh

    def raw_columns(self) -> "WordEncoder":
        """Itself."""
        return self

    def word_counts(self, method: str) -> "WordEncoder":
        """Itself."""
        return self

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The words (words,), in the order of the features."""
        assert self.tokens is not None
        ids: dict[str, int] = json.loads(self.tokens.tokenizer)["model"]["vocab"]
        return tuple(sorted(ids, key=lambda word: ids[word])[1:])


def _tokenizer(ids: Mapping[str, int]) -> Any:
    """A tokenizer of the package tokenizers: words to their ids, all others to 0."""
    try:
        import tokenizers
    except ImportError as error:
        raise MissingPackage("tokenizers", "Counting words", "text") from error
    made = tokenizers.Tokenizer(tokenizers.models.WordLevel(dict(ids), unk_token=UNKNOWN))
    made.normalizer = tokenizers.normalizers.Lowercase()
    made.pre_tokenizer = tokenizers.pre_tokenizers.Split(tokenizers.Regex(WORD), "removed", invert=True)
    return made
