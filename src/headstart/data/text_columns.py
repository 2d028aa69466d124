"""Columns of a table that hold texts, not names of categories."""

import numpy as np

from .tables import Table

FEW = 10  # rows below which nothing is said
DISTINCT = 0.8  # least share of rows whose text no other row has
WORDS = 3  # least median of words
LETTERS = 20  # least mean length


def text_columns(table: Table) -> list[str]:
    """Columns of long texts of several words, most of them different in every row."""
    found = []
    for place, name in enumerate(table.names):
        texts = table.words.get(name, ())
        there = np.count_nonzero(~np.isnan(table.values[:, place])) if texts else 0
        if there >= FEW and len(texts) >= DISTINCT * there:
            words = np.median([len(text.split()) for text in texts])
            if words >= WORDS and np.mean([len(text) for text in texts]) >= LETTERS:
                found.append(name)
    return found
