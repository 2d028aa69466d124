"""Accuracy of a classifier in each group of rows, and in the worst group."""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from headstart.core import BadData

from .intervals import Interval

CONFIDENCE = 0.95


@dataclass(frozen=True)
class GroupAccuracy:
    """Accuracy of each group, with simultaneous confidence intervals.

    Attributes:
        groups: indices of the groups that have rows, in order.
        rows: their numbers of rows.
        each: their accuracies; the intervals cover all true values at once with 95 % confidence
            (Wilson's at a level divided by the number of groups, after Bonferroni).
        worst: the lowest of them; its interval covers the true accuracy of the truly worst group.
        gap: the best less the worst; its interval excludes 0 only if two groups' intervals are disjoint.
        average: the accuracy over all rows.
        balanced: the unweighted mean over groups.
    """

    groups: tuple[int, ...]
    rows: tuple[int, ...]
    each: tuple[Interval, ...]
    worst: Interval
    gap: Interval
    average: Interval
    balanced: float

    @property
    def worst_group(self) -> int:
        """Index of the group with the lowest accuracy; the first of ties."""
        return self.groups[min(range(len(self.groups)), key=lambda place: self.each[place].value)]


def group_accuracy(right: ArrayLike, groups: ArrayLike) -> GroupAccuracy:
    """Compute the accuracy of each group, the worst group's (arXiv:1911.08731) and the gap.

    Args:
        right: (n,) whether each row is classified correctly.
        groups: (n,) integers, the group of each row.

    Raises:
        BadData: there are no rows, or not as many groups as rows.
    """
    told = np.asarray(right, dtype=np.bool_).reshape(-1)
    known = np.asarray(groups).reshape(-1)
    if len(told) == 0 or len(told) != len(known):
        raise BadData(f"{len(told)} answers and {len(known)} groups; give as many of each, and at least one.")
    numbers, place = np.unique(known, return_inverse=True)
    rows = np.bincount(place, minlength=len(numbers))
    hits = np.bincount(place, weights=told, minlength=len(numbers))
    level = 1 - (1 - CONFIDENCE) / len(numbers)
    each = tuple(share(int(hit), int(many), level) for hit, many in zip(hits, rows, strict=True))
    low, high = [one.low for one in each], [one.high for one in each]
    values = [one.value for one in each]
    return GroupAccuracy(
        groups=tuple(int(one) for one in numbers),
        rows=tuple(int(many) for many in rows),
        each=each,
        worst=Interval(min(values), min(low), min(high)),
        gap=Interval(max(values) - min(values), max(0.0, max(low) - min(high)), max(high) - min(low)),
        average=share(int(told.sum()), len(told), CONFIDENCE),
        balanced=float(np.mean(values)),
    )


def share(successes: int, rows: int, level: float = CONFIDENCE) -> Interval:
    """A proportion with Wilson's interval (doi:10.1080/01621459.1927.10502953) at a level in (0, 1)."""
    z = NormalDist().inv_cdf(0.5 + level / 2)
    value, square = successes / rows, z * z / rows
    middle = (value + square / 2) / (1 + square)
    half = z / (1 + square) * float(np.sqrt(value * (1 - value) / rows + square / rows / 4))
    return Interval(value, max(0.0, min(value, middle - half)), min(1.0, max(value, middle + half)))
