"""Closed-form linear maps that align the features of one domain with those of another.

No labels are used, and nothing is trained. Everything is computed in float64 and returned in the
precision of the source.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from headstart.core import BadData, BadInput

from . import checks

RANK = 1e-10  # eigenvalues below this share of the largest count as 0


class LinearMap(NamedTuple):
    """A linear map of x (n, d) to x @ weight.T + bias, (n, k), as in `torch.nn.Linear`."""

    weight: Tensor  # (k, d)
    bias: Tensor  # (k,)

    def __call__(self, x: Tensor) -> Tensor:
        """Map `x` (n, d) to (n, k)."""
        return torch.nn.functional.linear(x, self.weight, self.bias)


class Subspaces(NamedTuple):
    """Maps of both domains into a common space of k axes."""

    source: LinearMap
    target: LinearMap


def coral(source: Tensor, target: Tensor, shrinkage: float = 0.01) -> LinearMap:
    """CORAL: map source features to the mean and covariance of the target (arXiv:1511.05547).

    Whitens with C_s^-1/2 and re-colours with C_t^1/2, where a covariance C (division by the rows less one)
    is (1 - shrinkage) C + shrinkage * (mean of its diagonal) * identity. The paper adds the identity itself,
    which depends on the units of the features, and leaves the means alone. For shrinkage 0 mean and
    covariance of the mapped source are those of the target.

    Args:
        source: features (n, d), n >= 2.
        target: features (m, d), m >= 2.
        shrinkage: in [0, 1]; 1 only scales all features by one factor.

    Raises:
        BadData: they are not finite floats (rows, width) of one width, or have a single row.
        BadInput: the shrinkage is out of range, or 0 where the source has no variance along some axis.
    """
    one, other = _moments(source, target, shrinkage)
    weight = _power(other.covariance, 0.5) @ _inverse_root(one.covariance, shrinkage)
    return _onto(weight, one.mean, other.mean, source)


def gaussian_transport(source: Tensor, target: Tensor, shrinkage: float = 0.01) -> LinearMap:
    """Optimal transport map between normal distributions, for squared distances.

    weight = C_s^-1/2 (C_s^1/2 C_t C_s^1/2)^1/2 C_s^-1/2, symmetric and positive: of all linear maps that
    give the target's mean and covariance, the one of least transport cost (Peyré & Cuturi,
    arXiv:1803.00567, remark 2.31). Arguments and errors are those of `coral`.
    """
    one, other = _moments(source, target, shrinkage)
    root, back = _power(one.covariance, 0.5), _inverse_root(one.covariance, shrinkage)
    weight = back @ _power(root @ other.covariance @ root, 0.5) @ back
    return _onto(weight, one.mean, other.mean, source)


def subspace_alignment(source: Tensor, target: Tensor, size: int) -> Subspaces:
    """Subspace alignment: map the source's principal axes to the target's (doi:10.1109/ICCV.2013.368).

    With the principal bases B (d, k) of the centred domains, target rows become (x - mean_t) B_t and source
    rows (x - mean_s) B_s B_s' B_t. An axis points where its largest entry is positive.

    Args:
        source: features (n, d), n >= 2.
        target: features (m, d), m >= 2.
        size: k, in [1, d].

    Raises:
        BadData: they are not finite floats (rows, width) of one width, or have a single row.
        BadInput: `size` is more than the axes along which both domains vary, or less than 1.
    """
    one, other = _moments(source, target, 0.0)
    most = min(_rank(one.covariance), _rank(other.covariance))
    if not 1 <= size <= most:
        raise BadInput(f"size is {size!r}; the domains vary along {most} axes, so it must be in [1, {most}].")
    theirs = _axes(other.covariance, size)
    mine = _axes(one.covariance, size)
    through = theirs.T @ mine @ mine.T
    nothing = theirs.new_zeros(size)
    return Subspaces(
        _onto(through, one.mean, nothing, source), _onto(theirs.T.contiguous(), other.mean, nothing, source)
    )


class _Moments(NamedTuple):
    mean: Tensor  # (d,)
    covariance: Tensor  # (d, d)


def _moments(source: Tensor, target: Tensor, shrinkage: float) -> tuple[_Moments, _Moments]:
    if not 0 <= shrinkage <= 1:
        raise BadInput(f"shrinkage is {shrinkage!r}; it must be in [0, 1].")
    one, other = checks.features(source), checks.features(target).to(checks.widened(source).device)
    if one.shape[1] != other.shape[1]:
        raise BadData(f"The source has {one.shape[1]} features and the target {other.shape[1]}.")
    if min(len(one), len(other)) < 2:
        raise BadData(f"A covariance needs 2 rows or more; there are {len(one)} and {len(other)}.")
    return _moments_of(one, shrinkage), _moments_of(other, shrinkage)


def _moments_of(x: Tensor, shrinkage: float) -> _Moments:
    mean = x.mean(0)
    centred = x - mean
    covariance = centred.T @ centred / (len(x) - 1)
    round_one = torch.eye(len(covariance), dtype=x.dtype, device=x.device) * covariance.diagonal().mean()
    return _Moments(mean, torch.lerp(covariance, round_one, shrinkage))


def _power(symmetric: Tensor, exponent: float) -> Tensor:
    values, vectors = torch.linalg.eigh(symmetric)
    found: Tensor = vectors * values.clamp_min(0).pow(exponent) @ vectors.T
    return found


def _inverse_root(covariance: Tensor, shrinkage: float) -> Tensor:
    rank = _rank(covariance)
    if rank < len(covariance):
        raise BadInput(
            f"The source varies along {rank} of {len(covariance)} axes and cannot be whitened with shrinkage "
            f"{shrinkage:g}; take a larger one, such as 0.01, and features that are not all constant."
        )
    return _power(covariance, -0.5)


def _rank(covariance: Tensor) -> int:
    values = torch.linalg.eigvalsh(covariance)
    return int((values > RANK * values[-1]).sum()) if float(values[-1]) > 0 else 0


def _axes(covariance: Tensor, size: int) -> Tensor:
    """Eigenvectors (d, size) of the largest eigenvalues, in descending order."""
    vectors: Tensor = torch.linalg.eigh(covariance).eigenvectors.flip(1)[:, :size]
    largest = vectors.gather(0, vectors.abs().argmax(0, keepdim=True))
    return vectors * largest.sign()


def _onto(weight: Tensor, start: Tensor, end: Tensor, like: Tensor) -> LinearMap:
    """Linear map that takes `start` to `end`."""
    return LinearMap(weight.to(like), (end - weight @ start).to(like))
