"""How much the score of a search goes with the method and with each setting: simple figures, no model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

LEAST = 5  # trials of which a figure is told


@dataclass(frozen=True)
class Weight:
    """What the score has to do with one setting.

    Attributes:
        name: such as "fine-tune: lr", or "method".
        trials: that were finished with it.
        values: lowest and highest of numbers, or how many different values.
        figure: rank correlation with the score in [-1, 1], or share of its variance in [0, 1].
        ranked: whether it is the former.
        best: the value of the trial with the best score.
    """

    name: str
    trials: int
    values: str
    figure: float
    ranked: bool
    best: str


def weights(trials: Sequence[tuple[str, Mapping[str, Any], float]]) -> list[Weight]:
    """The method first, then the settings, the one that the score goes with most on top.

    Args:
        trials: that were finished: name of the method, its settings that were searched, and the score.

    Returns:
        Of numbers Spearman's rank correlation, of other values and of the methods the share of the
        variance of the scores that lies between them; nothing of what has fewer than five trials or one
        value.
    """
    methods = [(name, score) for name, _, score in trials]
    found = []
    names = dict.fromkeys((name, setting) for name, settings, _ in trials for setting in settings)
    for name, setting in names:
        pairs = [
            (settings[setting], score)
            for mine, settings, score in trials
            if mine == name and setting in settings
        ]
        found += [one for one in [_weight(f"{name}: {setting}", pairs)] if one]
    first = [one for one in [_weight("method", methods)] if one]
    return first + sorted(found, key=lambda one: -abs(one.figure))


def _weight(name: str, pairs: Sequence[tuple[Any, float]]) -> Weight | None:
    values, scores = [value for value, _ in pairs], [score for _, score in pairs]
    if len(pairs) < LEAST or len(set(map(str, values))) < 2:
        return None
    best = max(pairs, key=lambda pair: pair[1])[0]
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        span = f"{min(values):g} to {max(values):g}"
        return Weight(name, len(pairs), span, correlation(values, scores), True, f"{best:g}")
    share = between([str(value) for value in values], scores)
    return Weight(name, len(pairs), f"{len(set(map(str, values)))} values", share, False, str(best))


def correlation(one: Sequence[float], other: Sequence[float]) -> float:
    """Spearman's rank correlation of n pairs, in [-1, 1]; 0 where either has one value.

    >>> correlation([1, 2, 3, 4], [0.1, 0.2, 0.4, 0.3])
    0.8
    """
    a, b = _ranks(one), _ranks(other)
    mean = (len(a) - 1) / 2
    above = sum((x - mean) * (y - mean) for x, y in zip(a, b, strict=True))
    below = (sum((x - mean) ** 2 for x in a) * sum((y - mean) ** 2 for y in b)) ** 0.5
    return round(above / below, 12) if below else 0.0


def between(groups: Sequence[str], scores: Sequence[float]) -> float:
    """The share of the variance of n scores that lies between groups, in [0, 1]; 0 where there is none.

    >>> between(["a", "a", "b", "b"], [1.0, 3.0, 5.0, 7.0])
    0.8
    """
    mean = fmean(scores)
    whole = sum((score - mean) ** 2 for score in scores)
    inside = 0.0
    for group in set(groups):
        mine = [score for name, score in zip(groups, scores, strict=True) if name == group]
        inside += sum((score - fmean(mine)) ** 2 for score in mine)
    return 1 - inside / whole if whole else 0.0


def _ranks(values: Sequence[float]) -> list[float]:
    """From 0; equal values share the mean of their places."""
    order = sorted(values)
    return [order.index(value) + (order.count(value) - 1) / 2 for value in values]
