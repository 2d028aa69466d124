"""Synthetic tables, each a learning task: a mixture of graphs, forests, processes, lines and groups."""

from dataclasses import dataclass

import torch
from torch import Tensor

from headstart.core import derive_seed

from .columns import observed
from .draws import Draws, standard
from .functions import forest, groups, linear, process
from .graphs import graph
from .labels import MOST_CLASSES, classes, noisy, numbers

FAMILIES = {"graph": graph, "forest": forest, "process": process, "linear": linear, "groups": groups}
EASY = {"linear": 0.7, "groups": 0.3}
SHARES = {"graph": 0.42, "forest": 0.2, "process": 0.16, "linear": 0.1, "groups": 0.12}


@dataclass(frozen=True)
class Tables:
    """Tables of one shape, each with its label.

    Attributes:
        x: (tasks, rows, columns) float32: numbers, or codes of categories; NaN: missing.
        named: (tasks, columns) bool: which columns hold categories.
        y: (tasks, rows): class indices, int64, or numbers, float32.
        classes: (tasks,) int64: number of classes; 0: numbers.
    """

    x: Tensor
    named: Tensor
    y: Tensor
    classes: Tensor


def draw_tables(
    seed: int, step: int, tasks: int, rows: int, columns: int, regression: bool = False, easy: bool = False
) -> Tables:
    """Tables that are a function of the arguments.

    Args:
        seed: of the prior.
        step: place in the run, >= 0.
        tasks: tables, >= 1.
        rows: of each, >= 2.
        columns: of each, >= 1.
        regression: whether labels are numbers.
        easy: whether they are linear ones and groups of rows alone.
    """
    draws, shares = Draws(seed, "tables", step), EASY if easy else SHARES
    family = draws.pick(tasks, shares=tuple(shares.values()))
    parts: list[tuple[Tensor, Tensor]] = []
    for place, name in enumerate(shares):
        many = int((family == place).sum())
        if many:
            own = Draws(derive_seed(seed, name), "family", step)
            parts.append(FAMILIES[name](own, many, rows, columns, MOST_CLASSES))
    x = torch.cat([part for part, _ in parts])
    scores = noisy(draws, torch.cat([part for _, part in parts]))
    order = draws.order(tasks, columns)[:, None].expand_as(x)
    shown, named = observed(draws, x.gather(2, order))
    if regression:
        return Tables(shown, named, numbers(draws, standard(scores[..., 0])), torch.zeros(tasks).long())
    return Tables(shown, named, *classes(draws, scores))
