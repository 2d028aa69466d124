"""Figures of several seeds as records: the mean, how sure one can be of it, the paired difference."""

from collections.abc import Mapping, Sequence
from statistics import fmean

from headstart.metrics.repeats import student
from headstart.records.record import Interval


def mean(values: Sequence[float]) -> float:
    """Over the seeds, of which there is one at least."""
    return fmean(values)


def interval(values: Sequence[float], low: float = 0.0, high: float = 1.0) -> Interval | None:
    """The mean with Student's 95 % interval, cut off at the ends; None for a single seed."""
    return Interval(*student(values, low, high)) if len(values) > 1 else None


def gain(ours: Mapping[int, float], theirs: Mapping[int, float], least: float = 0.0) -> Interval | None:
    """The mean of ours less theirs over the seeds that both have; None if these are fewer than two.

    No figure lies outside [`least`, 1], which limits the interval.
    """
    both = [ours[seed] - theirs[seed] for seed in sorted(ours.keys() & theirs.keys())]
    return interval(both, least - 1, 1 - least)
