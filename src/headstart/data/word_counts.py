"""TF-IDF features of texts, without a backbone."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

MOST = 2000  # words that are counted
_WORD = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True)
class WordCounts:
    """TF-IDF vectors of texts (doi:10.1108/eb026526).

    Attributes:
        weights: inverse document frequency of each word: 1 + log((1 + texts) / (1 + texts with it)).
    """

    weights: dict[str, float]

    @classmethod
    def of(cls, texts: Sequence[str]) -> Self:
        """Fit the vocabulary: the most frequent words, each in at least two texts."""
        found = Counter(word for text in texts for word in set(_words(text)))
        often = sorted((word for word in found if found[word] > 1), key=lambda word: (-found[word], word))
        return cls({word: 1 + math.log((1 + len(texts)) / (1 + found[word])) for word in often[:MOST]})

    def __call__(self, texts: Sequence[str]) -> "Tensor":
        """The same as `of_texts`, as a tensor."""
        import torch

        return torch.from_numpy(self.of_texts(texts))

    def of_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Float32 (n, words), rows of length 1 or 0: log(1 + count) times the weight of each word."""
        places = {word: place for place, word in enumerate(self.weights)}
        counts = np.zeros((len(texts), max(1, len(places))), dtype=np.float32)
        for row, text in zip(counts, texts, strict=True):
            for word in _words(text):
                if word in places:
                    row[places[word]] += 1
        found = np.log1p(counts) * np.array(list(self.weights.values()) or [1.0], dtype=np.float32)
        lengths = np.sqrt(np.square(found).sum(axis=1, keepdims=True))
        normed: NDArray[np.float32] = found / np.maximum(lengths, np.float32(1e-12))
        return normed


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())
