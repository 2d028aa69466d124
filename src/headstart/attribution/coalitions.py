"""What each part of an input contributes to a value, by values of inputs of which parts are left out.

A part, such as a word or a column, is left out by replacing it by that of a background input.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
# values (m,) of m inputs: a mask (m, parts) of the parts that are there, and the number (m,) of the
# background input that the others are taken from
Value = Callable[[NDArray[np.bool_], NDArray[np.int64]], Floats]
AT_ONCE = 4096  # inputs that are asked for together


@dataclass(frozen=True)
class Attributed:
    """What the parts of an input contribute to its value.

    Attributes:
        contributions: (parts,) in the unit of the value.
        errors: (parts,) their standard errors over background inputs and orders; None if nothing is drawn.
        value: of the input.
        base: what contributions and value differ by: `base + contributions.sum() == value` but for rounding;
            None if they do not add up.
    """

    contributions: Floats
    errors: Floats | None
    value: float
    base: float | None


def leave_one_out(value: Value, parts: int, backgrounds: int = 1) -> Attributed:
    """The value less the mean value without a part, for each part.

    Contributions do not add up to anything: of two parts that say the same, each is dispensable.

    Args:
        value: of inputs of which parts are left out.
        parts: how many there are.
        backgrounds: inputs that parts are replaced from; all are taken.
    """
    masks = np.repeat(~np.eye(parts, dtype=bool), backgrounds, axis=0)
    without = _ask(value, masks, np.tile(np.arange(backgrounds), parts)).reshape(parts, backgrounds)
    whole = _whole(value, parts)
    errors = without.std(axis=1, ddof=1) / np.sqrt(backgrounds) if backgrounds > 1 else None
    return Attributed(whole - without.mean(axis=1), errors, whole, None)


def shapley(
    value: Value, parts: int, backgrounds: int, permutations: int, generator: np.random.Generator
) -> Attributed:
    """Shapley values by sampling (Strumbelj and Kononenko 2014, doi:10.1007/s10115-013-0679-x).

    For a random order of the parts and a background input, the parts of the input replace those of the
    background one after the other; what the value changes by is the part's. Each order is taken
    backwards, too, which lowers the variance, and background inputs take turns. The values of all parts
    add up to the value less its mean over the background inputs that were drawn.

    Args:
        value: of inputs of which parts are left out.
        parts: how many there are.
        backgrounds: inputs that parts are replaced from.
        permutations: orders, forwards and backwards; an odd number is rounded up.
        generator: of orders and background inputs.
    """
    pairs = -(-permutations // 2)
    turns = -(-pairs // backgrounds)
    drawn = np.concatenate([generator.permutation(backgrounds) for _ in range(turns)])[:pairs]
    gains, bases = np.empty((pairs, parts)), np.empty(pairs)
    share = max(1, AT_ONCE // (2 * (parts + 1)))
    for start in range(0, pairs, share):
        rows = drawn[start : start + share]
        orders = np.array([generator.permutation(parts) for _ in rows])
        both = np.stack([orders, orders[:, ::-1]], axis=1).reshape(-1, parts)
        ranks = both.argsort(axis=1)  # when a part comes
        masks = ranks[:, None, :] < np.arange(parts + 1)[None, :, None]
        asked = value(masks.reshape(-1, parts), np.repeat(rows, 2 * (parts + 1)))
        steps = asked.reshape(len(both), parts + 1)
        mine = np.take_along_axis(np.diff(steps, axis=1), ranks, axis=1)
        gains[start : start + share] = mine.reshape(-1, 2, parts).mean(axis=1)
        bases[start : start + share] = steps[::2, 0]
    errors = gains.std(axis=0, ddof=1) / np.sqrt(pairs) if pairs > 1 else None
    return Attributed(gains.mean(axis=0), errors, _whole(value, parts), float(bases.mean()))


def _whole(value: Value, parts: int) -> float:
    return float(value(np.ones((1, parts), dtype=bool), np.zeros(1, dtype=np.int64))[0])


def _ask(value: Value, masks: NDArray[np.bool_], rows: NDArray[np.int64]) -> Floats:
    """The values of many inputs, so many at a time."""
    starts = range(0, len(rows), AT_ONCE)
    return np.concatenate([value(masks[i : i + AT_ONCE], rows[i : i + AT_ONCE]) for i in starts])
