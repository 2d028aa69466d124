"""A column of texts beside the numbers and names of a table: the words in it as columns of numbers."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.core.schema import Column

from .unseen import Unseen
from .word_counts import WordCounts

WORDS = 500  # most frequent words of the training texts that become columns

Floats = NDArray[np.float64]


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
    values = counted([texts[code] for code in distinct]).numpy()[places]
    means, deviations = values.mean(0, dtype=np.float64), values.std(0, dtype=np.float64)
    common = float(np.sqrt(np.mean(np.square(deviations)))) * len(means) ** 0.25
    for (word, weight), mean in zip(counted.weights.items(), means.tolist(), strict=True):
        yield Column(name, "text", mean=mean, deviation=common, part=word, weight=weight)


def fill_words(
    found: NDArray[np.float32],
    columns: Sequence[Column],
    texts: Mapping[str, Sequence[str]],
    positions: Callable[[str], NDArray[Any]],
) -> dict[str, Unseen]:
    """Write the numbers of all words into `found` (n, columns).

    Args:
        found: the encoded rows, which are changed.
        columns: of the schema.
        texts: of each column of texts.
        positions: (n,) in `texts` of a column by name; NaN where there is none.

    Returns:
        The columns in which no row has a word of the training texts, but some have a text.
    """
    unseen = {}
    for name in dict.fromkeys(column.name for column in columns if column.kind == "text"):
        places = [place for place, column in enumerate(columns) if column.name == name]
        values = np.asarray(positions(name), dtype=np.float64)
        parts = [columns[place] for place in places]
        found[:, places] = words = word_values(parts, texts[name], values)
        there = values[~np.isnan(values)].astype(np.int64)
        known = tuple(part.part for part in parts if part.part)
        if known and len(there) and not np.nan_to_num(words).any():
            some = tuple(texts[name][code] for code in there[:3])
            unseen[name] = Unseen(name, len(there), len(there), some, known[:3])
    return unseen


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
        values = np.vstack([counted(texts).numpy(), np.zeros((1, len(words)), dtype=np.float32)])
        found[:, words] = values[np.where(gone, len(texts), positions).astype(np.int64)]
    for place, column in enumerate(columns):
        if not column.part:
            found[gone, place] = np.nan
    return found
