"""Accuracy of a classifier in each group of rows, and in the worst group."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from headstart.core import BadData

from .share_intervals import share
from .shares import CONFIDENCE, Interval


@dataclass(frozen=True)
class GroupAccuracy:
    """Accuracy of each group, with simultaneous confidence intervals.

    Attributes:
        groups: indices of the groups that have rows, in order.
        rows: their numbers of rows.
        each: their accuracies; the intervals cover all true values at once with 95 % confidence
            (Wilson's for the effective rows, at a level divided by the number of groups, after Bonferroni).
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


def group_accuracy(right: ArrayLike, groups: ArrayLike, dependent: ArrayLike | None = None) -> GroupAccuracy:
    """Compute the accuracy of each group, the worst group's (arXiv:1911.08731) and the gap.

    Args:
        right: (n,) whether each row is classified correctly.
        groups: (n,) integers, the group of each row.
        dependent: (n,) rows with the same number, such as those of one patient, depend on each other; None:
            independent rows.

    Raises:
        BadData: there are no rows, or not as many groups as rows.
    """
    told = np.asarray(right, dtype=np.bool_).reshape(-1)
    known = np.asarray(groups).reshape(-1)
    if len(told) == 0 or len(told) != len(known):
        raise BadData(f"{len(told)} answers and {len(known)} groups; give as many of each, and at least one.")
    numbers, place = np.unique(known, return_inverse=True)
    rows = np.bincount(place, minlength=len(numbers))
    level = 1 - (1 - CONFIDENCE) / len(numbers)
    units = np.arange(len(told)) if dependent is None else np.asarray(dependent)
    members = [place == number for number in range(len(numbers))]
    each = tuple(share(told[those], units[those], level) for those in members)
    low, high = [one.low for one in each], [one.high for one in each]
    values = [one.value for one in each]
    return GroupAccuracy(
        groups=tuple(int(one) for one in numbers),
        rows=tuple(int(many) for many in rows),
        each=each,
        worst=Interval(min(values), min(low), min(high)),
        gap=Interval(max(values) - min(values), max(0.0, max(low) - min(high)), max(high) - min(low)),
        average=share(told, units),
        balanced=float(np.mean(values)),
    )
