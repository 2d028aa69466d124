"""Permutation importance: what a score loses if one column of all rows is shuffled."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor


class Importance(NamedTuple):
    """What a score loses by the permutations of one column."""

    mean: float
    deviation: float  # standard deviation over the permutations (division by n - 1); 0 of one


def permutation_importance(
    score: Callable[[Tensor], float],
    rows: Tensor,
    columns: Sequence[Sequence[int]],
    repeats: int,
    generator: np.random.Generator,
) -> list[Importance]:
    """The score of all rows less that after a permutation, for each column (Breiman 2001, section 10).

    Args:
        score: of rows (n, numbers); higher is better.
        rows: (n, numbers), which are not changed.
        columns: the numbers that each column consists of; they are permuted together.
        repeats: permutations of each column.
        generator: of permutations.
    """
    whole, found = score(rows), []
    for numbers in map(list, columns):
        losses = []
        for _ in range(repeats):
            shuffled = rows.clone()
            shuffled[:, numbers] = rows[torch.from_numpy(generator.permutation(len(rows)))][:, numbers]
            losses.append(whole - score(shuffled))
        spread = float(np.std(losses, ddof=1)) if repeats > 1 else 0.0
        found.append(Importance(float(np.mean(losses)), spread))
    return found
