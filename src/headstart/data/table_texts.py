"""A column of texts beside the numbers and names of a table: the words in it as columns of numbers."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.core import Tokens
from headstart.core.schema import Column
from headstart.core.tokens import NOTHING

from .unseen import Unseen
from .word_counts import WordCounts

WORDS = 500  # most frequent words of the training texts that become columns

Floats = NDArray[np.float64]


def token_columns(name: str, texts: Sequence[str], positions: Floats, tokens: Tokens) -> list[Column]:
    """A column for each place of a token, as many as the longest training text has.

    Args:
        name: of the column of texts.
        texts: all texts.
        positions: (n,) in `texts`, of the training rows that have one.
        tokens: of the backbone that reads them.
    """
    ids = tokens.ids([texts[code] for code in np.unique(positions.astype(np.int64))])[0]
    longest = max(map(len, ids), default=0)
    return [Column(name, "text", token=place + 1) for place in range(longest)]


def word_columns(name: str, texts: Sequence[str], positions: Floats, missing: bool) -> Iterator[Column]:
    """A column for each word of the training texts, and one for whether there is a text if some rows lack it.

    The numbers are TF-IDF (doi:10.1108/eb026526). All are divided by one deviation, so that rare words don't
    outweigh others, and all words together vary as much as `sqrt(words)` columns of numbers do.

    Args:
        name: of the column of texts.
        texts: all texts.
        positions: (n,) in `texts`, of the training rows that have one.
        missing: whether some training rows have none.
    """
    codes = positions.astype(np.int64)
    weights = WordCounts.of([texts[code] for code in codes]).weights
    counted = WordCounts(dict(islice(weights.items(), WORDS)))
    if missing or not counted.weights:
        yield Column(name, "text", missing=missing)
    if not counted.weights:
        return
    distinct, places = np.unique(codes, return_inverse=True)
    values = counted.of_texts([texts[code] for code in distinct])[places]
    means, deviations = values.mean(0, dtype=np.float64), values.std(0, dtype=np.float64)
    common = float(np.sqrt(np.mean(np.square(deviations)))) * len(means) ** 0.25
    for (word, weight), mean in zip(counted.weights.items(), means.tolist(), strict=True):
        yield Column(name, "text", mean=mean, deviation=common, part=word, weight=weight)


def fill_words(
    found: NDArray[np.float32],
    columns: Sequence[Column],
    texts: Mapping[str, Sequence[str]],
    positions: Callable[[str], NDArray[Any]],
    tokens: Tokens | None = None,
) -> dict[str, Unseen]:
    """Write the numbers of all words and the ids of all tokens into `found` (n, columns).

    Args:
        found: the encoded rows, which are changed.
        columns: of the schema.
        texts: of each column of texts.
        positions: (n,) in `texts` of a column by name; NaN where there is none.
        tokens: of the backbone that reads the texts, if there is one.

    Returns:
        The columns in which no row has a word of the training texts, but some have a text; none that a
        backbone reads.
    """
    unseen = {}
    for name in dict.fromkeys(column.name for column in columns if column.kind == "text"):
        places = [place for place, column in enumerate(columns) if column.name == name and not column.token]
        values = np.asarray(positions(name), dtype=np.float64)
        parts = [columns[place] for place in places]
        found[:, places] = words = word_values(parts, texts[name], values)
        there = values[~np.isnan(values)].astype(np.int64)
        known = tuple(part.part for part in parts if part.part)
        if read := [place for place, column in enumerate(columns) if column.name == name and column.token]:
            assert tokens is not None
            found[:, read] = token_ids(tokens, texts[name], values, len(read))
        elif known and len(there) and not np.nan_to_num(words).any():
            some = tuple(texts[name][code] for code in there[:3])
            unseen[name] = Unseen(name, len(there), len(there), some, known[:3])
    return unseen


def token_ids(tokens: Tokens, texts: Sequence[str], positions: Floats, most: int) -> NDArray[np.float32]:
    """The first `most` ids (n, most) of texts at positions (n,) in `texts`; -1 where there is none."""
    found = np.full((len(texts) + 1, most), NOTHING, dtype=np.float32)
    for row, ids in zip(found, tokens.ids(texts)[0], strict=False):
        row[: len(ids)] = ids[:most]
    return found[np.where(np.isnan(positions), len(texts), positions).astype(np.int64)]


def word_values(columns: Sequence[Column], texts: Sequence[str], positions: Floats) -> NDArray[np.float32]:
    """The numbers (n, columns) of the columns that are made of one column of texts.

    Args:
        columns: see `word_columns`.
        texts: all texts.
        positions: (n,) in `texts`; NaN where there is none, of which no word is there.
    """
    gone = np.isnan(positions)
    found = np.zeros((len(positions), len(columns)), dtype=np.float32)
    words = [place for place, column in enumerate(columns) if column.part]
    if words:
        counted = WordCounts({columns[place].part: columns[place].weight for place in words})
        values = np.vstack([counted.of_texts(texts), np.zeros((1, len(words)), dtype=np.float32)])
        found[:, words] = values[np.where(gone, len(texts), positions).astype(np.int64)]
    for place, column in enumerate(columns):
        if not column.part:
            found[gone, place] = np.nan
    return found
