"""Sets of permutations that lie far apart."""

from functools import lru_cache
from itertools import permutations

import torch


@lru_cache(maxsize=8)
def far_apart(items: int, count: int) -> tuple[tuple[int, ...], ...]:
    """So many permutations of 0 .. items - 1 that differ in many places, the same ones each time.

    The first leaves the order as it is. Each next one has the largest of all smallest Hamming distances to
    those before, of several the one that is farthest from all of them together, and of these the first in
    the order of the alphabet (arXiv:1603.09246).

    Args:
        items: in [2, 9].
        count: in [2, items!].
    """
    every = torch.tensor(list(permutations(range(items))), dtype=torch.uint8)
    chosen = [0]
    nearest = torch.full((len(every),), items + 1, dtype=torch.int64)
    total = torch.zeros(len(every), dtype=torch.int64)
    while True:
        distance = (every != every[chosen[-1]]).sum(1)
        nearest, total = torch.minimum(nearest, distance), total + distance
        if len(chosen) == count:
            return tuple(tuple(every[number].tolist()) for number in chosen)
        score = nearest * (items * count + 1) + total  # a total is at most items * count
        chosen.append(int((score == score.max()).nonzero()[0, 0]))
