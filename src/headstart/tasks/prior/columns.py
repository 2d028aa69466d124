"""What becomes of numbers before they are seen: other scales, rounding, categories, gaps."""

import torch
from torch import Tensor

from .draws import Draws, standard

MOST_CATEGORIES = 16
_COUNTS = (4, 4, 3, 2, 1, 1, 1, 0.5, 0.5, 0.3, 0.3, 0.3, 0.2, 0.2, 0.2)  # shares of 2 .. 16 categories


def observed(draws: Draws, x: Tensor) -> tuple[Tensor, Tensor]:
    """Columns as a table shows them, with NaN for gaps, and which of them hold categories (tasks, columns).

    Args:
        draws: random numbers.
        x: (tasks, rows, columns).
    """
    tasks, _, columns = x.shape
    x = standard(x)
    named = draws.pick(tasks, 1, shares=(0.55, 0.33, 0.12))  # no column, some, all
    share = torch.where(named == 1, draws.uniform(tasks, 1, low=0.1, high=0.8), (named == 2).float())
    held = draws.uniform(tasks, columns) < share
    seen = torch.where(held[:, None], categories(draws, x), _numbers(draws, x))
    return _with_gaps(draws, seen), held


def _numbers(draws: Draws, x: Tensor) -> Tensor:
    """Numbers on other scales: exponentials, roots, powers, rounded ones, some rows far out."""
    tasks, _, columns = x.shape
    plain = draws.chance(tasks, 1, 1, share=0.5)
    kind = draws.whole(tasks, 1, columns, below=8)
    kind = torch.where(plain, 0, kind)
    found = x
    found = torch.where(kind == 1, x.clamp(-8, 4).exp(), found)
    found = torch.where(kind == 2, x.sign() * x.abs().sqrt(), found)
    found = torch.where(kind == 3, x.clamp(-6, 6) ** 3, found)
    found = torch.where(kind == 4, torch.sigmoid(2 * x), found)
    found = torch.where(kind == 5, x.clamp_min(-0.5), found)  # many rows at the least value
    levels = draws.log_uniform(tasks, 1, columns, low=0.4, high=10)
    rounded = draws.chance(tasks, 1, columns, share=0.25) & ~draws.chance(tasks, 1, 1, share=0.5)
    found = torch.where(rounded, (standard(found) * levels).round(), found)
    far = draws.chance(*x.shape, share=0.01) & draws.chance(tasks, 1, columns, share=0.1)
    return torch.where(far, found * 10, found)


def categories(draws: Draws, x: Tensor) -> Tensor:
    """Codes 0 .. k - 1 of k = 2 .. 16 categories, cut from numbers and put into a random order."""
    tasks, _, columns = x.shape
    count = 2 + draws.pick(tasks, 1, columns, shares=_COUNTS)
    edge = draws.normal(tasks, MOST_CATEGORIES - 1, columns)
    unused = torch.arange(MOST_CATEGORIES - 1)[None, :, None] >= count - 1
    edge = edge.masked_fill(unused, float("inf"))
    code = (x[:, :, None] > edge[:, None]).sum(2)
    order = draws.order(tasks, columns, MOST_CATEGORIES).transpose(1, 2)
    order = torch.where(unused_codes(count), MOST_CATEGORIES * 2, order).argsort(1).argsort(1)
    return order.gather(1, code).to(x.dtype)


def unused_codes(count: Tensor) -> Tensor:
    """Which of the codes (tasks, 16, columns) a column of so many categories (tasks, 1, columns) lacks."""
    return torch.arange(MOST_CATEGORIES)[None, :, None] >= count


def _with_gaps(draws: Draws, x: Tensor) -> Tensor:
    """Some tables miss cells: at random, or rather those of high values."""
    tasks, _, columns = x.shape
    some = draws.chance(tasks, 1, 1, share=0.25) & draws.chance(tasks, 1, columns, share=0.5)
    rate = draws.log_uniform(tasks, 1, columns, low=0.01, high=0.4)
    by_value = draws.chance(tasks, 1, columns, share=0.3)
    tilt = torch.where(by_value, 2 * torch.sigmoid(2 * standard(x)), 1.0)
    return x.masked_fill(some & (draws.uniform(*x.shape) < rate * tilt), float("nan"))
