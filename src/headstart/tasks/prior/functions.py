"""Functions of columns: forests, Gaussian processes, linear ones, and groups of rows around centres."""

import math

import torch
from torch import Tensor

from .causes import correlated
from .draws import Draws, standard


def _relevance(draws: Draws, tasks: int, columns: int) -> Tensor:
    """How much each column counts (tasks, columns) >= 0; of some tables many do not."""
    share = draws.uniform(tasks, 1, low=0.15, high=1.2)
    kept = draws.uniform(tasks, columns) < share
    kept[:, 0] = True
    return kept * draws.log_uniform(tasks, columns, low=0.3, high=2)


def forest(draws: Draws, tasks: int, rows: int, columns: int, scores: int) -> tuple[Tensor, Tensor]:
    """Columns, and scores that are sums of random decision trees of depth 1 to 4."""
    x = correlated(draws, tasks, rows, columns)
    depth = 1 + int(draws.pick(1, shares=(0.2, 0.35, 0.3, 0.15)))
    trees = (1, 1, 2, 3, 5, 12)[int(draws.whole(1, below=6))]
    odds = _relevance(draws, tasks, columns)
    inner, leaves = 2**depth - 1, 2**depth
    which = torch.multinomial(odds, trees * inner, replacement=True, generator=draws.generator)
    place = draws.whole(tasks, trees * inner, below=rows)  # the threshold is the value of a row
    at_row = x.gather(1, place[..., None].expand(-1, -1, columns))
    threshold = at_row.gather(2, which[..., None])[..., 0]
    value = draws.normal(tasks, trees * leaves, scores)
    value = torch.where(draws.chance(tasks, 1, 1, share=0.3), value.sign(), value)
    start = torch.arange(trees)[None, None] * inner
    node = torch.zeros(tasks, rows, trees, dtype=torch.int64)
    for _ in range(depth):
        here = (start + node).reshape(tasks, -1)
        column = which.gather(1, here).view(tasks, rows, trees)
        right = x.gather(2, column) > threshold.gather(1, here).view(tasks, rows, trees)
        node = 2 * node + 1 + right
    leaf = (torch.arange(trees)[None, None] * leaves + node - inner).reshape(tasks, -1, 1)
    found = value.gather(1, leaf.expand(-1, -1, scores)).view(tasks, rows, trees, scores)
    return x, found.sum(2)


def process(draws: Draws, tasks: int, rows: int, columns: int, scores: int) -> tuple[Tensor, Tensor]:
    """Columns, and scores of Gaussian processes by random features; smoothness differs by task and column."""
    x = correlated(draws, tasks, rows, columns)
    features = 96
    length = draws.log_uniform(tasks, 1, 1, low=0.5, high=6) * math.sqrt(columns)
    wave = draws.normal(tasks, columns, features) * _relevance(draws, tasks, columns)[..., None] / length
    rough = draws.chance(tasks, 1, 1, share=0.4)  # Student's t with 3 degrees of freedom: a Matern kernel
    chi = draws.normal(tasks, 3, features).square().mean(1, keepdim=True).clamp_min(0.02)
    wave = torch.where(rough, wave / chi.sqrt(), wave)
    phase = draws.uniform(tasks, 1, features, high=2 * math.pi)
    return x, (x @ wave + phase).cos() @ draws.normal(tasks, features, scores)


def linear(draws: Draws, tasks: int, rows: int, columns: int, scores: int) -> tuple[Tensor, Tensor]:
    """Columns, and scores that are weighted sums of them, for some tables of products of two as well."""
    x = correlated(draws, tasks, rows, columns)
    weight = draws.normal(tasks, columns, scores) * _relevance(draws, tasks, columns)[..., None]
    found = x @ weight
    one, other = draws.order(tasks, columns), draws.order(tasks, columns)
    product = x.gather(2, one[:, None].expand_as(x)) * x.gather(2, other[:, None].expand_as(x))
    mixed = standard(found) + draws.uniform(tasks, 1, 1, high=2) * standard(product @ weight)
    return x, torch.where(draws.chance(tasks, 1, 1, share=0.35), mixed, found)


def groups(draws: Draws, tasks: int, rows: int, columns: int, scores: int) -> tuple[Tensor, Tensor]:
    """Rows of Gaussian groups, and scores by which the group or the nearest centre decides the class.

    Each class has one to three groups, of their own spread. For half of the tables rows know their group:
    classes overlap. For the others the class is that of the nearest centre.
    """
    each = 1 + int(draws.whole(1, below=3))
    count = each * scores
    spread = draws.log_uniform(tasks, 1, 1, low=0.6, high=3)
    kept = draws.chance(tasks, 1, columns, share=0.8)
    centre = draws.normal(tasks, count, columns) * spread * kept
    used = torch.minimum(draws.whole(tasks, rows, below=count), draws.whole(tasks, rows, below=count))
    width = draws.log_uniform(tasks, count, columns, low=0.4, high=1.6)
    pick = used[..., None].expand(-1, -1, columns)
    noise = draws.normal(tasks, rows, columns)
    turn = torch.where(
        draws.chance(tasks, 1, 1, share=0.5),
        draws.normal(tasks, columns, columns) / math.sqrt(columns),
        torch.eye(columns),
    )
    x = centre.gather(1, pick) + width.gather(1, pick) * (noise @ turn)
    away = (x * kept)[:, :, None] - (centre * kept)[:, None]
    nearest = -away.square().mean(3).view(tasks, rows, scores, each).amin(3)
    own = torch.nn.functional.one_hot(used // each, scores).float()
    return standard(x), torch.where(draws.chance(tasks, 1, 1, share=0.5), own, nearest)
