"""Near-duplicate pictures: candidates by a perceptual hash, confirmed by thumbnails."""

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from headstart.core import Preprocess
from headstart.data.samples import Rows

THUMBNAIL = Preprocess(size=(32, 32), fit="squash", filter="bilinear")

_BITS_APART = 10  # of 64
_MEAN_APART = 0.2  # of the picture's own contrast
_PATCH_APART = 0.4  # likewise, for the patch of 4 x 4 pixels that differs most
_ROUNDING = 1e-5  # of the largest coefficient, in float32
_BLANK = 3.0  # standard deviation of the levels below which a picture counts as blank
_CHUNK = 1024
_CELLS = 2**24  # distances in memory at once

Pair = tuple[int, int]
_Floats = NDArray[np.float32]


def near_pairs(thumbnails: NDArray[np.uint8]) -> list[Pair]:
    """Pairs (i, j), i < j, of pictures that differ by size, compression or brightness alone.

    Pictures that are nearly blank are left out, since all of them look alike.

    Args:
        thumbnails: uint8 (n, 32, 32, 3), squashed.
    """
    telling, signs = _hashes(thumbnails)
    pairs: list[Pair] = []
    step = max(1, _CELLS // max(1, len(telling)))
    for start in range(0, len(telling), step):
        apart = (64 - signs[start : start + step] @ signs[start:].T) / 2
        first, second = np.nonzero(apart <= _BITS_APART)
        upper = first < second
        i, j = telling[first[upper] + start], telling[second[upper] + start]
        same = _confirmed(thumbnails, i, j)
        pairs += zip(i[same].tolist(), j[same].tolist(), strict=True)
    return pairs


def groups_of_pairs(n: int, pairs: Iterable[Pair]) -> Rows:
    """Connected components (n,) of the pairs, numbered in order of appearance."""
    pairs = list(pairs)
    if not pairs:
        return np.arange(n, dtype=np.int64)
    parent = list(range(n))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for i, j in pairs:
        a, b = root(i), root(j)
        parent[max(a, b)] = min(a, b)
    numbers: dict[int, int] = {}
    return np.array([numbers.setdefault(root(i), len(numbers)) for i in range(n)], dtype=np.int64)


def pairs_of_equals(values: Iterable[object]) -> list[Pair]:
    """Pairs that join all rows of the same value."""
    first: dict[object, int] = {}
    places = ((first.setdefault(value, row), row) for row, value in enumerate(values))
    return [(i, j) for i, j in places if i != j]


def _hashes(thumbnails: NDArray[np.uint8]) -> tuple[Rows, _Floats]:
    """The rows that are not blank, and the 64-bit hash of each.

    The bits are the signs of the lowest 8 x 8 DCT coefficients of the grey picture about their median. What
    lies above it by rounding alone, as in pictures with symmetries, does not count: processors differ there.
    """
    weights = np.array([0.299, 0.587, 0.114], dtype=np.float32)
    place = np.arange(thumbnails.shape[1]) + 0.5
    waves = np.cos(math.pi / len(place) * np.arange(8)[:, None] * place).astype(np.float32)
    telling = [np.zeros(0, dtype=np.int64)]
    signs = [np.zeros((0, 64), dtype=np.float32)]
    for start in range(0, len(thumbnails), _CHUNK):
        levels = thumbnails[start : start + _CHUNK].astype(np.float32)
        sharp = np.flatnonzero(levels.reshape(len(levels), -1).std(1) > _BLANK)
        slow = (waves @ (levels[sharp] @ weights) @ waves.T).reshape(len(sharp), 64)
        above = slow - np.median(slow, axis=1, keepdims=True) > _ROUNDING * np.abs(slow).max(1, keepdims=True)
        telling.append(sharp + start)
        signs.append(np.where(above, 1, -1).astype(np.float32))
    return np.concatenate(telling), np.concatenate(signs)


def _confirmed(thumbnails: NDArray[np.uint8], i: Rows, j: Rows) -> NDArray[np.bool_]:
    """Which of the candidate pairs agree patch by patch."""
    same = np.zeros(len(i), dtype=np.bool_)
    for start in range(0, len(i), _CHUNK):
        here = slice(start, start + _CHUNK)
        apart = _standard(thumbnails[i[here]]) - _standard(thumbnails[j[here]])
        n, high, wide, channels = apart.shape
        patches = apart.reshape(n, high // 4, 4, wide // 4, 4, channels).mean((2, 4))
        same[here] = np.abs(apart).reshape(n, -1).mean(1) <= _MEAN_APART
        same[here] &= np.abs(patches).reshape(n, -1).max(1) <= _PATCH_APART
    return same


def _standard(thumbnails: NDArray[np.uint8]) -> _Floats:
    """Standardise each picture to mean 0 and standard deviation 1."""
    levels = thumbnails.astype(np.float32)
    axes = (1, 2, 3)
    centred = levels - levels.mean(axes, keepdims=True)
    found: _Floats = centred / centred.std(axes, keepdims=True)
    return found
