"""Digests of all rows of a table at once."""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .tables import Table

CHUNK = 1 << 15  # rows at once, which stay in the processor's cache
_MULTIPLIERS = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0xD6E8FEB86659FD93))  # of splitmix64 and rrmxmx
_SHIFT = np.uint64(29)

Words = NDArray[np.uint64]


def row_digests(table: Table) -> tuple[str, ...]:
    """32 hex digits of each row; they are equal for rows that are equal but for their IDs, in any table.

    Cells are mixed into two words of 64 bits, one column after the other: numbers by their bits, names by
    their BLAKE2b. It is no defence against rows that were made to collide.
    """
    marks = np.frombuffer(table.mark, dtype="<u8").astype(np.uint64)
    names = {name: _hashes_of_names(words) for name, words in table.words.items()}
    found = np.empty((len(table), 2), dtype=">u8")
    for start in range(0, len(table), CHUNK):
        values = np.asarray(table.values[start : start + CHUNK], dtype=np.float64)
        lanes = [np.full(len(values), mark) for mark in marks]
        for place, name in enumerate(table.names):
            cells = _cells(values[:, place], name in table.ids, names.get(name))
            if cells is not None:
                for lane, multiplier in zip(lanes, _MULTIPLIERS, strict=True):
                    _mix(lane, cells, multiplier)
        found[start : start + CHUNK] = np.stack(lanes, axis=1)
    text = found.tobytes().hex()
    return tuple(text[place : place + 32] for place in range(0, len(text), 32))


def _cells(values: NDArray[np.float64], is_id: bool, names: Words | None) -> Words | None:
    """The cells (n,) of a column as words; of IDs only whether there is a name."""
    if names is None:
        if is_id:
            return None
        values = values + 0.0  # no -0.0
        values[np.isnan(values)] = np.nan  # one of all its bit patterns
        return values.view(np.uint64)
    gone = np.isnan(values)
    if is_id:
        return gone.astype(np.uint64)
    return names[np.where(gone, len(names) - 1, values).astype(np.int64)]


def _mix(state: Words, cells: Words, multiplier: np.uint64) -> None:
    """Mix the cells (n,) into words (n,), in place."""
    state ^= cells
    for _ in range(2):
        state *= multiplier
        state ^= state >> _SHIFT


def _hashes_of_names(words: Sequence[str]) -> Words:
    """A word for each name, and one for a missing one (k + 1,)."""
    hashes = [
        hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest() for name in words
    ]
    return np.frombuffer(b"".join([*hashes, bytes(8)]), dtype="<u8").astype(np.uint64)
