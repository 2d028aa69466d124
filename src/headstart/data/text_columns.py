"""Columns of a table that hold texts, not names of categories."""

from collections.abc import Sequence

import numpy as np

FEW = 10  # rows below which nothing is said
DISTINCT = 0.8  # least share of rows whose text no other row has
WORDS = 3  # least median of words
LETTERS = 20  # least mean length
LONG_WORDS, LONG_LETTERS = 8, 40  # the same for texts that are no names, titles or addresses


def are_texts(words: Sequence[str], rows: int, few: bool = False) -> bool:
    """Whether the distinct words of so many rows are long texts of several words, most of them different.

    Args:
        words: the distinct texts.
        rows: that hold one.
        few: also of less than 10 rows.
    """
    if not words or (rows < FEW and not few) or len(words) < DISTINCT * rows:
        return False
    return _length(words, WORDS, LETTERS)


def are_long_texts(words: Sequence[str]) -> bool:
    """Whether texts are so long that they are no names, titles or addresses."""
    return _length(words, LONG_WORDS, LONG_LETTERS)


def _length(texts: Sequence[str], words: int, letters: int) -> bool:
    several = np.median([len(text.split()) for text in texts]) >= words
    return bool(several and np.mean([len(text) for text in texts]) >= letters)
