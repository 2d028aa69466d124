"""Cross-fitted logistic classifiers: of the two domains, and of the classes to estimate their shares."""

import math
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from headstart.core import BadData, derive_seed
from headstart.data.random_draws import shuffled
from headstart.data.splits import folds as assign_folds
from headstart.metrics.intervals import Interval as MetricInterval
from headstart.metrics.shift.apart import auc
from headstart.metrics.shift.coverage import effective_sample_size
from headstart.metrics.shift.labels import label_shift
from headstart.records.record import Interval
from headstart.solvers.penalty_selection import select_logistic
from headstart.solvers.ratios.common import pair
from headstart.solvers.threads import threads_for
from headstart.studies.shift import ClassShare, LabelShift

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BINS = 20
MOST_CLASSES = 50  # of more, the shares can't be estimated from so few rows
FEWEST_ROWS = 10  # of a class
RESAMPLES = 400  # of the predictions, for the intervals
WIDEST = 0.2  # width of a useful interval of a share
ILL_CONDITIONED = 20.0  # conditions above


class DomainClassifierResult(NamedTuple):
    """Log ratios log p_target(x) / p_source(x) of all rows, by fits that have not seen them."""

    source: Floats  # (n,)
    target: Floats  # (m,)
    auc: Interval
    error: float  # mean over the domains of the share of misclassified rows, 0.5 by chance

    @property
    def effective(self) -> float:
        """How many equally weighted source rows are as good as those with the weights that this gives."""
        return effective_sample_size(np.exp(self.source - self.source.max()))

    def probability(self) -> Floats:
        """(m,) that each target row is of the target, if both domains were equally frequent."""
        return _sigmoid(self.target)

    def binned(self) -> tuple[list[float], list[float], list[float]]:
        """Edges in [0, 1] of bins of that probability, and the share of source and target rows in each."""
        edges = np.linspace(0, 1, BINS + 1)
        source, target = (
            np.histogram(_sigmoid(logs), edges)[0] / len(logs) for logs in (self.source, self.target)
        )
        return edges.tolist(), source.tolist(), target.tolist()


def classify_domains(
    source: Tensor, target: Tensor, groups: tuple[Ints, Ints], folds: int, seed: int
) -> DomainClassifierResult:
    """Logistic regression on the domain, cross-fitted; whole groups are held out.

    Args:
        source: (n, d).
        target: (m, d).
        groups: (n,) and (m,): rows that belong together, in each domain by itself.
        folds: at most; never more than there are groups in a domain.
        seed: of the folds.

    Raises:
        BadData: a domain has a single group, so that no row can be held out.
    """
    rows, n = torch.cat(pair(source, target)), len(source)
    domain = np.repeat([0, 1], [n, len(target)])
    fewest = min(len(np.unique(part)) for part in groups)
    if fewest < 2:
        raise BadData(
            "All rows of a domain are the same or belong together, so that none can be held out. Give more "
            "rows."
        )
    joint_groups = np.concatenate([groups[0], groups[1] + groups[0].max() + 1])
    fold = assign_folds(domain, joint_groups, min(folds, fewest), derive_seed(seed, "shift-folds"))
    with threads_for(rows.numel()):
        fit = select_logistic(rows, torch.from_numpy(domain), 2, folds=torch.from_numpy(fold))
    logits = (fit.held_out[:, 1] - fit.held_out[:, 0]).double().numpy() + _log_prior(domain, fold)
    of_source, of_target = logits[:n], logits[n:]
    error = float((of_source > 0).mean() + (of_target <= 0).mean()) / 2
    area = _cross_fitted(auc(of_source, of_target, *groups))
    return DomainClassifierResult(of_source, of_target, area, error)


def _cross_fitted(area: MetricInterval) -> Interval:
    """The interval of a cross-fitted area, wider where it does not differ from chance.

    Where the domains are alike, the direction of a fit is noise of the other folds, which the folds share:
    each pair of rows counts twice, which doubles the variance.
    """
    if 0 < area.low < area.value < area.high < 1:
        value, *ends = (math.log(share / (1 - share)) for share in area)
        low, high = (1 / (1 + math.exp(-value - math.sqrt(2) * (end - value))) for end in ends)
        if low <= 0.5 <= high:
            return Interval(area.value, low, high)
    return Interval(*area)


def _log_prior(domain: Ints, fold: Ints) -> Floats:
    """(rows,) log n / m of the rows of both domains that the fit for each row has seen."""
    counts = np.stack([np.bincount(fold[domain == side], minlength=fold.max() + 1) for side in (0, 1)])
    seen = (counts.sum(1, keepdims=True) - counts).clip(1).astype(np.float64)
    ratios: Floats = np.log(seen[0] / seen[1])[fold]
    return ratios


def _sigmoid(logits: Floats) -> Floats:
    probabilities: Floats = 1 / (1 + np.exp(-logits.clip(-700, 700)))
    return probabilities


def estimate_shares(
    source: Tensor, target: Tensor, labels: Ints, classes: tuple[str, ...], groups: Ints, seed: int
) -> tuple[LabelShift | None, str]:
    """Black box shift estimation with a cross-fitted logistic probe; see `metrics.shift.labels`.

    Args:
        source: (n, d).
        target: (m, d).
        labels: (n,) positions in `classes`.
        classes: their names.
        groups: (n,) rows that are held out together.
        seed: of the folds and the resamples.

    Returns:
        The shares and "", or why there are none, or why they are uncertain.
    """
    counts = np.bincount(labels, minlength=len(classes))
    if len(classes) > MOST_CLASSES or counts.min() < FEWEST_ROWS:
        return None, _why_none(classes, counts)
    x, z = pair(source, target)
    k = min(5, len(np.unique(groups)))
    fold = torch.from_numpy(assign_folds(labels, groups, k, derive_seed(seed, "shift-classes")))
    with threads_for(x.numel()):
        fit = select_logistic(x, torch.from_numpy(labels), len(classes), folds=fold)
    held_out = fit.held_out.argmax(1).numpy()
    predictions = (z @ fit.weight.T + fit.bias).argmax(1).numpy()
    try:
        estimate = label_shift(held_out, labels, predictions, len(classes))
    except BadData as error:
        return None, f"The shares of the classes can't be estimated: {error}"
    low, high = _bounds(held_out, labels, predictions, len(classes), seed)
    prior, values = counts / counts.sum(), estimate.shares
    bounds = zip(values, np.minimum(values, low), np.maximum(values, high), strict=True)
    shares = [
        ClassShare(name, float(share), Interval(*map(float, interval)))
        for name, share, interval in zip(classes, prior, bounds, strict=True)
    ]
    # given the class: rare classes alone don't make the problem ill-conditioned
    singular = np.linalg.svd(estimate.confusion / prior, compute_uv=False)
    condition = float(singular[0] / max(singular[-1], 1e-12))
    accuracy, widest = float((held_out == labels).mean()), float((high - low).max())
    why = _why_uncertain(condition, widest, accuracy)
    return LabelShift(shares, accuracy, condition, not why, None), why


def resample_shares(labels: Ints, shares: list[float], seed: int) -> Ints:
    """The largest subset of the source's rows that has these shares of classes; ascending."""
    counts = np.bincount(labels, minlength=len(shares))
    total = min(count / share for count, share in zip(counts, shares, strict=True) if share > 0)
    rows = []
    for number, share in enumerate(shares):
        members = np.flatnonzero(labels == number)
        drawn = shuffled(len(members), seed, "shares", number)[: int(total * share + 1e-9)]
        rows.append(members[drawn])
    return np.sort(np.concatenate(rows))


def _bounds(
    held_out: Ints, labels: Ints, predictions: Ints, classes: int, seed: int
) -> tuple[Floats, Floats]:
    """Bootstrap 95 % bounds (k,) of the shares; [0, 1] if most resamples can't be solved."""
    generator = np.random.Generator(np.random.PCG64(derive_seed(seed, "shift-shares")))
    shares = []
    for _ in range(RESAMPLES):
        rows, others = (generator.integers(len(x), size=len(x)) for x in (labels, predictions))
        try:
            shares.append(label_shift(held_out[rows], labels[rows], predictions[others], classes).shares)
        except BadData:
            continue
    if len(shares) < RESAMPLES / 2:
        return np.zeros(classes), np.ones(classes)
    low, high = np.quantile(np.stack(shares), [0.025, 0.975], axis=0)
    return low, high


def _why_uncertain(condition: float, widest: float, accuracy: float) -> str:
    """Why the shares are uncertain; "" if they are not."""
    probe = f"the probe classifies {100 * accuracy:.0f} % of held-out source rows correctly"
    start = "The estimated shares of the classes in the target are"
    if condition > ILL_CONDITIONED:
        return f"{start} ill-conditioned (condition {condition:.0f}): {probe} and confuses some classes."
    if widest > WIDEST:
        return f"{start} uncertain (intervals up to {100 * widest:.0f} points wide): {probe}."
    return ""


def _why_none(classes: tuple[str, ...], counts: Ints) -> str:
    if len(classes) > MOST_CLASSES:
        return f"The shares of {len(classes)} classes are not estimated; up to {MOST_CLASSES} would be."
    few = [name for name, count in zip(classes, counts, strict=True) if count < FEWEST_ROWS]
    more = f" and {len(few) - 3} more" if len(few) > 3 else ""
    return (
        f"The shares of the classes are not estimated: {', '.join(few[:3])}{more} "
        f"{'has' if len(few) == 1 else 'have'} fewer than {FEWEST_ROWS} source rows that were used."
    )
