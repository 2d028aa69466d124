"""The share of each class in the target, by the predictions of a probe that was fitted on the source."""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from headstart.core import BadData, derive_seed
from headstart.data.random_draws import shuffled
from headstart.data.splits import folds as dealt
from headstart.metrics.shift.labels import label_shift
from headstart.records.record import Interval
from headstart.solvers.penalty_selection import select_logistic
from headstart.solvers.ratios.common import pair
from headstart.solvers.threads import threads_for
from headstart.studies.shift import ClassShare, LabelShift

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST = 50  # classes; of more, the shares can't be estimated from so few rows
LEAST = 10  # rows of a class
DRAWS = 400  # of the answers, for the intervals
WIDE = 0.2  # an interval of a share that is wider says nothing
ILL = 20.0  # conditions above


class Shares(NamedTuple):
    """What was found, or why there is nothing."""

    found: LabelShift | None
    why: str = ""


def shares_of(
    source: Tensor, target: Tensor, labels: Ints, classes: tuple[str, ...], groups: Ints, seed: int
) -> Shares:
    """Black box shift estimation with a cross-fitted logistic probe; see `metrics.shift.labels`.

    Args:
        source: (n, d).
        target: (m, d).
        labels: (n,) positions in `classes`.
        classes: their names.
        groups: (n,) rows that are held out together.
        seed: deals the folds and draws the intervals.
    """
    there = np.bincount(labels, minlength=len(classes))
    kept = np.flatnonzero(there >= LEAST)
    if len(classes) > MOST or len(kept) < len(classes):
        return Shares(None, _why(classes, there))
    one, other = pair(source, target)
    k = min(5, len(np.unique(groups)))
    held = torch.from_numpy(dealt(labels, groups, k, derive_seed(seed, "shift-classes")))
    with threads_for(one.numel()):
        fit = select_logistic(one, torch.from_numpy(labels), len(classes), folds=held)
    mine = fit.held_out.argmax(1).numpy()
    theirs = (other @ fit.weight.T + fit.bias).argmax(1).numpy()
    try:
        value = label_shift(mine, labels, theirs, len(classes))
    except BadData as error:
        return Shares(None, f"The shares of the classes can't be estimated: {error}")
    low, high = _bounds(mine, labels, theirs, len(classes), seed)
    prior = there / there.sum()
    condition = _condition(value.confusion, prior)
    widest = float((high - low).max())
    figures = zip(classes, prior, value.shares, low, high, strict=True)
    shares = [
        ClassShare(name, float(was), Interval(float(now), float(min(now, least)), float(max(now, most))))
        for name, was, now, least, most in figures
    ]
    known = condition <= ILL and widest <= WIDE
    accuracy = float((mine == labels).mean())
    why = "" if known else _unsure(condition, widest, accuracy)
    return Shares(LabelShift(shares, accuracy, condition, known, None), why)


def moved(found: LabelShift) -> float:
    """Half the sum of the differences of the classes' shares."""
    return sum(abs(one.source - one.target.value) for one in found.shares) / 2


def with_shares(labels: Ints, shares: list[float], seed: int) -> Ints:
    """As many rows of the source as can be that have these shares of classes; ascending."""
    there = np.bincount(labels, minlength=len(shares))
    whole = min(many / share for many, share in zip(there, shares, strict=True) if share > 0)
    rows = []
    for number, share in enumerate(shares):
        mine = np.flatnonzero(labels == number)
        rows.append(mine[shuffled(len(mine), seed, "shares", number)[: int(whole * share + 1e-9)]])
    return np.sort(np.concatenate(rows))


def _bounds(mine: Ints, labels: Ints, theirs: Ints, classes: int, seed: int) -> tuple[Floats, Floats]:
    """95 % of the shares (k,) that resampled rows give; those that can't be solved count as unknown."""
    generator = np.random.Generator(np.random.PCG64(derive_seed(seed, "shift-shares")))
    found = []
    for _ in range(DRAWS):
        rows, others = (
            generator.integers(len(labels), size=len(labels)),
            generator.integers(len(theirs), size=len(theirs)),
        )
        try:
            found.append(label_shift(mine[rows], labels[rows], theirs[others], classes).shares)
        except BadData:
            continue
    if len(found) < DRAWS / 2:
        return np.zeros(classes), np.ones(classes)
    low, high = np.quantile(np.stack(found), [0.025, 0.975], axis=0)
    return low, high


def _condition(confusion: Floats, prior: Floats) -> float:
    """Of the answers given the class: rare classes by themselves make nothing ill."""
    singular = np.linalg.svd(confusion / prior, compute_uv=False)
    return float(singular[0] / max(singular[-1], 1e-12))


def _unsure(condition: float, widest: float, accuracy: float) -> str:
    tells = f"the probe is right in {100 * accuracy:.0f} % of unseen source rows"
    if condition > ILL:
        return (
            f"The shares of the classes in the target are ill-conditioned (condition {condition:.0f}): "
            f"{tells}, and takes some classes for each other."
        )
    return (
        f"The shares of the classes in the target are vague (intervals up to {100 * widest:.0f} points): "
        f"{tells}."
    )


def _why(classes: tuple[str, ...], there: Ints) -> str:
    if len(classes) > MOST:
        return f"The shares of {len(classes)} classes are not estimated; up to {MOST} would be."
    few = [name for name, many in zip(classes, there, strict=True) if many < LEAST]
    more = f" and {len(few) - 3} more" if len(few) > 3 else ""
    return (
        f"The shares of the classes are not estimated: {', '.join(few[:3])}{more} "
        f"{'has' if len(few) == 1 else 'have'} fewer than {LEAST} source rows that were used."
    )
