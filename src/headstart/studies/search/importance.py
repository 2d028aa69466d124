"""How the scores of trials are related to the backbone, the method and its settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

FEWEST = 5  # trials whose scores are related to a setting


@dataclass(frozen=True)
class Weight:
    """How the score is related to one setting."""

    name: str  # such as "fine-tune: lr", or "method"
    trials: int  # that were finished with it
    values: str  # lowest and highest of numbers, or how many different values
    figure: float  # rank correlation with the score in [-1, 1], or share of its variance in [0, 1]
    ranked: bool  # whether it is the former
    best: str  # the value of the trial with the best score


def weights(
    trials: Sequence[tuple[str, Mapping[str, Any], float]], backbones: Sequence[str] = ()
) -> list[Weight]:
    """Backbone and method first, then the settings, the one that is most closely related to the score on top.

    Args:
        trials: that were finished: name of the method, its settings that were searched, and the score.
        backbones: of the same trials, if there are several.

    Returns:
        Of numbers Spearman's rank correlation, of other values and of the methods the share of the
        variance of the scores that lies between them; nothing of what has fewer than five trials or one
        value.
    """
    names = dict.fromkeys((name, setting) for name, settings, _ in trials for setting in settings)
    related = [
        _weight(
            f"{name}: {setting}", [(row[setting], y) for n, row, y in trials if n == name and setting in row]
        )
        for name, setting in names
    ]
    scores = [score for *_, score in trials]
    backbone = _weight("backbone", list(zip(backbones, scores, strict=False)))
    method = _weight("method", [(name, score) for name, _, score in trials])
    return [
        *filter(None, [backbone, method]),
        *sorted(filter(None, related), key=lambda weight: -abs(weight.figure)),
    ]


def _weight(name: str, pairs: Sequence[tuple[Any, float]]) -> Weight | None:
    values, scores = [value for value, _ in pairs], [score for _, score in pairs]
    texts = list(map(str, values))
    if len(pairs) < FEWEST or len(set(texts)) < 2:
        return None
    best = max(pairs, key=lambda pair: pair[1])[0]
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        span = f"{min(values):g} to {max(values):g}"
        return Weight(name, len(pairs), span, correlation(values, scores), True, f"{best:g}")
    return Weight(name, len(pairs), f"{len(set(texts))} values", between(texts, scores), False, str(best))


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


def _ranks(values: Sequence[float]) -> list[float]:
    """From 0; equal values share the mean of their places."""
    order = sorted(values)
    return [order.index(value) + (order.count(value) - 1) / 2 for value in values]


def between(groups: Sequence[str], scores: Sequence[float]) -> float:
    """The share of the variance of n scores that lies between groups, in [0, 1]; 0 where there is none.

    >>> between(["a", "a", "b", "b"], [1.0, 3.0, 5.0, 7.0])
    0.8
    """
    mean = fmean(scores)
    total = sum((score - mean) ** 2 for score in scores)
    within = 0.0
    for group in set(groups):
        members = [score for name, score in zip(groups, scores, strict=True) if name == group]
        within += sum((score - fmean(members)) ** 2 for score in members)
    return 1 - within / total if total else 0.0
