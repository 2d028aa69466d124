"""Columns of a table that hold texts, not names of categories."""

from collections.abc import Sequence

import numpy as np

FEW = 10  # rows below which nothing is said
DISTINCT = 0.8  # least share of rows whose text no other row has
WORDS = 3  # least median of words
LETTERS = 20  # least mean length


def are_texts(words: Sequence[str], rows: int) -> bool:
    """Whether the distinct words of so many rows are long texts of several words, most of them different."""
    if rows < FEW or len(words) < DISTINCT * rows:
        return False
    several = np.median([len(text.split()) for text in words]) >= WORDS
    return bool(several and np.mean([len(text) for text in words]) >= LETTERS)
