"""Transferability scores: estimate how well a representation suits a task, without training.

All take features (n, d) or source probabilities (n, z) as NumPy arrays or tensors and labels (n,) of
whole numbers, `logme` also tags and numbers; higher is better. Classes without rows do not count. The
values of one score are comparable between representations of the same rows only.
"""

from typing import Any

import numpy as np

from headstart.core import BadData, BadInput, label_kind_of
from headstart.metrics._validation import array, matrix, numbered, one_hot, shares
from headstart.metrics.scored_outputs import Floats, Ints

NOISE = 1e-6  # minimal noise variance in LogME; the labels are 0 and 1
GRID = np.linspace(-30.0, 30.0, 241)  # natural logarithms of alpha / beta over the largest eigenvalue
GOLDEN = (np.sqrt(5) - 1) / 2
ROUNDS = 25  # of golden sections: the step of the grid shrinks to 1e-5 of it, the error to its square
BLOCK = 2**22  # similarities in memory at once


def logme(features: Any, labels: Any) -> float:
    """Logarithm of maximum evidence, LogME (arXiv:2102.11005, JMLR version arXiv:2110.10545).

    Each class, and each tag, is a regression of its 0/1 labels on the features without an intercept, whose
    weights have the prior N(0, 1/alpha) and whose noise has the variance 1/beta; columns of numbers are
    regressed when brought to mean 0 and deviation 1. The evidence of the labels
    is greatest over both; its logarithm over the rows, averaged over the columns, is the score, in
    nats a row. For a given alpha / beta the best beta is known, so that one number is searched: the
    maximum is global, where the fixed point of the paper may divide by zero. The variance of the noise
    is at least 1e-6, or a perfect fit would be infinitely evident.

    Args:
        features: (n, d), n >= 1.
        labels: (n,) whole numbers of two classes or more, (n, tags) of bool, or (n, columns) of floats.

    Raises:
        BadData: NaN or infinity, other shapes, or one class.
    """
    x = matrix(features)
    goal = _goals(labels, len(x))
    left, singular, _ = np.linalg.svd(x, full_matrices=False)
    inside = np.square(left.T @ goal)  # (r, k): squared labels along each axis of the features
    outside = np.maximum(np.square(goal).sum(0) - inside.sum(0), 0.0)  # (k,): residual sum of squares
    return float(_maximum(np.square(singular), inside, outside, len(x)).mean() / len(x))


def _goals(labels: Any, rows: int) -> Floats:
    """Regression targets (rows, columns)."""
    found = array(labels)
    if found.ndim != 2:
        return one_hot(_two(numbered(labels, rows)))
    if len(found) != rows:
        raise BadData(f"There are {rows} rows of features and {len(found)} of labels.")
    if label_kind_of(found) == "tags":
        tags: Floats = found.astype(np.float64)
        return tags
    wide = matrix(found, "Labels")
    deviation = wide.std(0)
    standard: Floats = (wide - wide.mean(0)) / np.where(deviation > 0, deviation, 1.0)
    return standard


def _maximum(spectrum: Floats, inside: Floats, outside: Floats, rows: int) -> Floats:
    """Maximal log evidence (k,) over alpha and beta, by grid search and golden sections."""
    scale = float(spectrum.max()) or 1.0

    def evidence(log_ratio: Floats) -> Floats:
        return _evidence(spectrum, inside, outside, rows, scale * np.exp(log_ratio))

    on_grid = np.stack([evidence(np.array([place])) for place in GRID])
    middle, step = GRID[on_grid.argmax(0)], GRID[1] - GRID[0]
    low, high = middle - step, middle + step
    for _ in range(ROUNDS):
        one, other = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
        rising = evidence(one) < evidence(other)
        low, high = np.where(rising, one, low), np.where(rising, high, other)
    best: Floats = np.maximum(evidence((low + high) / 2), on_grid.max(0))
    return best


def _evidence(spectrum: Floats, inside: Floats, outside: Floats, rows: int, ratio: Floats) -> Floats:
    """Log evidence (k,) for ratios alpha / beta, (k,) or (1,), each at its best beta.

    The labels are a draw of N(0, (1 + F F' / ratio) / beta).
    """
    shrunk = ratio / (ratio + spectrum[:, None])  # (r, k)
    error = outside + (inside * shrunk).sum(0)
    beta = 1 / np.maximum(error / rows, NOISE)
    fit: Floats = rows * np.log(beta / (2 * np.pi)) - beta * error + np.log(shrunk).sum(0)
    return fit / 2


def h_score(features: Any, labels: Any, shrinkage: float | None = None) -> float:
    """The H-score: between-class variance of the whitened features.

    tr(cov(f)^-1 cov(E[f|y])) of Bao et al. 2019 (doi:10.1109/ICIP.2019.8803726), in [0, k - 1]. With few
    rows any features reach k - 1, so that the covariance is shrunk towards a multiple of the identity
    (arXiv:2110.06893): cov becomes (1 - a) cov + a tr(cov)/d, and the score is multiplied by 1 - a.

    Args:
        features: (n, d).
        labels: (n,) whole numbers of two classes or more.
        shrinkage: a in [0, 1]; None takes that of Ledoit & Wolf (doi:10.1016/S0047-259X(03)00096-4), 0 is
            the plain H-score.

    Raises:
        BadData: NaN or infinity, other shapes, or one class.
        BadInput: `shrinkage` is not in [0, 1].
    """
    if shrinkage is not None and not 0 <= shrinkage <= 1:
        raise BadInput(f"h_score: shrinkage is {shrinkage!r}; it must be in [0, 1].")
    x = matrix(features)
    y = _two(numbered(labels, len(x)))
    x = x - x.mean(0)
    left, singular, _ = np.linalg.svd(x, full_matrices=False)
    kept = singular > singular.max() * max(x.shape) * np.finfo(np.float64).eps
    left, variance = left[:, kept], np.square(singular[kept]) / len(x)
    if not len(variance):
        return 0.0  # constant features
    share = _ledoit_wolf(x, variance) if shrinkage is None else shrinkage
    member = one_hot(y)
    between = np.square(member.T @ left / np.sqrt(member.sum(0))[:, None]).sum(0)  # (r,) in [0, 1]
    pulled = (1 - share) * variance
    return float((between * pulled / (pulled + share * variance.sum() / x.shape[1])).sum())


def _ledoit_wolf(x: Floats, variance: Floats) -> float:
    """The shrinkage of the covariance of centred rows, whose eigenvalues are `variance` and zeros."""
    rows, width = x.shape
    squared = float(np.square(variance).sum())  # of the covariance, summed over its entries
    distance = squared - float(variance.sum()) ** 2 / width
    spread = (float(np.square(np.square(x).sum(1)).mean()) - squared) / rows
    return float(min(spread, distance) / distance) if distance > 0 else 0.0


def leep(source_probabilities: Any, labels: Any) -> float:
    """Log expected empirical prediction, LEEP (arXiv:2002.12462), in nats, <= 0.

    The mean log likelihood of the labels when each source class z stands for the label y with the
    probability p(y|z) that the same rows show.

    Args:
        source_probabilities: (n, z) predictions of the source head, each row a distribution.
        labels: (n,) whole numbers.

    Raises:
        BadData: a row is not a distribution, or other shapes.
    """
    source = shares(source_probabilities)
    y = numbered(labels, len(source))
    joint = one_hot(y).T @ source  # (k, z)
    likely = joint / np.maximum(joint.sum(0), np.finfo(np.float64).tiny)
    return float(np.log((source * likely[y]).sum(1)).mean())


def nce(source_labels: Any, labels: Any) -> float:
    """Negative conditional entropy of the labels given source labels (arXiv:1908.08142), in nats, <= 0.

    Args:
        source_labels: (n,) whole numbers, such as the source head's most probable class.
        labels: (n,) whole numbers.

    Raises:
        BadData: they are not ints of one length, or there are none.
    """
    y = numbered(labels, np.size(labels))
    if not len(y):
        raise BadData("There are no labels; a score needs a row.")
    z = numbered(source_labels, len(y), "Source labels")
    joint = one_hot(y).T @ one_hot(z) / len(y)
    filled = joint > 0
    return float((joint * np.log(np.where(filled, joint / joint.sum(0), 1.0))).sum())


def knn_accuracy(features: Any, labels: Any, k: int = 5) -> float:
    """Leave-one-out accuracy of a k-nearest-neighbour vote, in [0, 1].

    Similarity is the cosine of centred features. Of equal votes, the class whose voters are more
    similar wins (arXiv:1805.01978 uses the same features with weighted votes).

    Args:
        features: (n, d), n >= 2.
        labels: (n,) whole numbers.
        k: voters, >= 1; at most the n - 1 others.

    Raises:
        BadData: NaN or infinity, other shapes, or one row.
        BadInput: `k` is less than 1.
    """
    if k < 1:
        raise BadInput(f"knn_accuracy: k is {k!r}; it must be a whole number >= 1.")
    x = matrix(features)
    y = numbered(labels, len(x))
    if len(x) < 2:
        raise BadData("Leaving one row out needs two rows or more.")
    x = x - x.mean(0)
    x /= np.maximum(np.linalg.norm(x, axis=1, keepdims=True), np.finfo(np.float64).tiny)
    member, near = one_hot(y), min(k, len(x) - 1)
    block = max(1, BLOCK // len(x))
    right = sum(_right(x, y, member, near, start, start + block) for start in range(0, len(x), block))
    return right / len(x)


def _right(x: Floats, y: Ints, member: Floats, k: int, start: int, end: int) -> int:
    """Number of the rows start..end that their k nearest other rows classify correctly."""
    similar = x[start:end] @ x.T
    here = np.arange(len(similar))
    similar[here, here + start] = -np.inf
    voters = np.argsort(-similar, axis=1, kind="stable")[:, :k]
    nearness = np.take_along_axis(similar, voters, 1)[
        ..., None
    ]  # in [-1, 1]: a tenth of a vote a voter at most
    votes = (member[voters] * (1 + nearness / (10 * k))).sum(1)
    return int((votes.argmax(1) == y[start:end]).sum())


def _two(labels: Ints) -> Ints:
    if not labels.any():
        raise BadData("All labels are of one class; a score needs two or more.")
    return labels
