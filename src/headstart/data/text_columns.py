"""Columns of a table that hold texts, not names of categories."""

import re
from collections.abc import Sequence

import numpy as np

FEW = 10  # rows below which nothing is said
DISTINCT = 0.8  # least share of rows whose text no other row has
WORDS = 3  # least median of words
LETTERS = 20  # least mean length
LONG_WORDS, LONG_LETTERS = 8, 40  # the same for texts that are no names, titles or addresses
LONG_DISTINCT = 0.5  # the same share: long texts are no names, even if some come again
SPELLED = 0.5  # least share of words with two letters or more; fewer have lists of numbers
ADDRESS_WORDS = 15  # largest median of words of an address
NUMBERED = 0.8  # least share of addresses with a digit
CAPITALS = 2 / 3  # least share of their words that begin with no small letter


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


def are_long_texts(words: Sequence[str], rows: int) -> bool:
    """Whether the distinct words of so many rows are free texts, so long that they are no names or titles.

    Lists of numbers are none, nor are addresses: most have a digit, few words, and hardly one of these
    begins with a small letter.

    Args:
        words: the distinct texts.
        rows: that hold one.
    """
    if rows < FEW or len(words) < LONG_DISTINCT * rows or not _length(words, LONG_WORDS, LONG_LETTERS):
        return False
    return _are_spelled(words) and not _are_addresses(words)


def _are_spelled(texts: Sequence[str]) -> bool:
    words = [word for text in texts for word in text.split()]
    return sum(bool(re.search(r"[^\W\d_]{2}", word)) for word in words) >= SPELLED * len(words)


def _are_addresses(texts: Sequence[str]) -> bool:
    words = [word for text in texts for word in text.split()]
    return bool(
        sum(any(map(str.isdigit, text)) for text in texts) >= NUMBERED * len(texts)
        and sum(not word[0].islower() for word in words) >= CAPITALS * len(words)
        and np.median([len(text.split()) for text in texts]) <= ADDRESS_WORDS
    )


def _length(texts: Sequence[str], words: int, letters: int) -> bool:
    several = np.median([len(text.split()) for text in texts]) >= words
    return bool(several and np.mean([len(text) for text in texts]) >= letters)
