"""The columns of two tables side by side."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from headstart.data.naming import natural
from headstart.data.tables import Table

Floats = NDArray[np.float64]


def joint(source: Table, target: Table) -> Table:
    """The rows of the source and then those of the target; names of both in each categorical column.

    A column that the target lacks, because it says nothing in the source, is empty there.
    """
    words = {
        name: tuple(sorted({*source.words[name], *target.words.get(name, ())}, key=natural))
        for name in source.words
    }
    values = [_recoded(one, source.names, words) for one in (source, target)]
    return replace(
        source, name=f"{source.name} and {target.name}", values=np.concatenate(values), words=words
    )


def _recoded(table: Table, names: tuple[str, ...], words: dict[str, tuple[str, ...]]) -> Floats:
    found = np.full((len(table), len(names)), np.nan)
    for place, name in enumerate(names):
        if name not in table.names:
            continue
        mine: Floats = np.asarray(table.values[:, table.names.index(name)], np.float64)
        if name in words:
            where = {word: float(code) for code, word in enumerate(words[name])}
            codes = np.array([*(where[word] for word in table.words[name]), np.nan])
            mine = codes[np.where(np.isnan(mine), len(codes) - 1, mine).astype(np.int64)]
        found[:, place] = mine
    return found
