"""How well queries find what belongs to them: the rank of the first, and its share within the first k."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

ROWS = 1024  # queries that are compared at once


def first_ranks(queries: Tensor, gallery: Tensor, relevant: Sequence[Sequence[int]]) -> NDArray[np.int64]:
    """For each query the rank (n,), from 1, of the first that belongs to it; equal ones come before it.

    Args:
        queries: (n, d), of unit length where cosines are meant.
        gallery: (m, d) that is ranked by the product with each query.
        relevant: for each query the rows of the gallery that belong to it, one or more.
    """
    found = []
    for start in range(0, len(queries), ROWS):
        scores = queries[start : start + ROWS] @ gallery.T
        for row, mine in zip(scores, relevant[start : start + ROWS], strict=True):
            belongs = torch.zeros(len(row), dtype=torch.bool)
            belongs[list(mine)] = True
            found.append(1 + int((row[~belongs] >= row[belongs].max()).sum()))
    return np.array(found, dtype=np.int64)


def chance(relevant: Sequence[Sequence[int]], gallery: int, k: int) -> float:
    """The expected share of queries of which one that belongs to them is among k of the gallery by chance."""
    missed = [_missed(len(mine), gallery, k) for mine in relevant]
    return 1 - float(np.mean(missed))


def _missed(mine: int, gallery: int, k: int) -> float:
    """The probability that none of `mine` rows is among k that are drawn."""
    draws = np.arange(min(k, gallery))
    return float(np.prod(np.clip(gallery - mine - draws, 0, None) / (gallery - draws)))


def matches(pictures: Sequence[str], texts: Sequence[str]) -> tuple[list[int], list[int], list[set[int]]]:
    """The distinct pictures and texts of n pairs, and which texts belong to each picture.

    Args:
        pictures: (n,) what tells pictures apart, such as digests.
        texts: (n,).

    Returns:
        The row of each distinct picture, the row of each distinct text, and for each of these pictures the
        places of its texts among these texts.
    """
    first_picture = {name: row for row, name in reversed([*enumerate(pictures)])}
    first_text = {text: row for row, text in reversed([*enumerate(texts)])}
    picture_rows, text_rows = sorted(first_picture.values()), sorted(first_text.values())
    place = {texts[row]: number for number, row in enumerate(text_rows)}
    of_picture: dict[str, set[int]] = {}
    for picture, text in zip(pictures, texts, strict=True):
        of_picture.setdefault(picture, set()).add(place[text])
    return picture_rows, text_rows, [of_picture[pictures[row]] for row in picture_rows]


def inverted(relevant: Sequence[set[int]], count: int) -> list[list[int]]:
    """For each of `count` things the places of the sets that hold it."""
    found: list[list[int]] = [[] for _ in range(count)]
    for place, some in enumerate(relevant):
        for one in some:
            found[one].append(place)
    return found
