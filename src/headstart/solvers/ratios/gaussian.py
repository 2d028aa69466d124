"""Importance weights from a normal distribution fitted to each domain."""

import math

import torch
from torch import Tensor

from headstart.core import BadInput

from .common import Ratios, from_logs, pair


def gaussian_ratios(source: Tensor, target: Tensor, ridge: float = 1e-3, clip: float | None = None) -> Ratios:
    """Weights from the densities of two normal distributions (Shimodaira 2000).

    Exact if both are normal, and fast, but unreliable otherwise and in many columns: the errors
    of d^2 / 2 covariances add up in the exponent.

    Args:
        source: rows (n, d).
        target: rows (m, d).
        ridge: added to the variances of the standardised columns, >= 0; needed if d >= n or d >= m.
        clip: a quantile in (0, 1] at which weights are clipped. None: no clipping.

    Returns:
        Weights (n,) with mean 1; `chosen` has `ridge`.

    Raises:
        BadData: either is not a matrix of finite floats, has fewer than two rows, or their widths differ.
        BadInput: `ridge` or `clip` is out of range, or `ridge` too small for a singular covariance.
    """
    if not (math.isfinite(ridge) and ridge >= 0):
        raise BadInput(f"ridge is {ridge!r}; it must be a finite number >= 0.")
    one, other = pair(source, target)
    logs = _log_density(one, other, ridge) - _log_density(one, one, ridge)
    return from_logs(logs, clip, {"ridge": ridge})


def _log_density(x: Tensor, sample: Tensor, ridge: float) -> Tensor:
    """Log density (n,) of rows x (n, d) under a normal fitted to `sample` (m, d), up to a constant."""
    centred = sample - sample.mean(0)
    covariance = centred.T @ centred / len(sample)
    covariance.diagonal().add_(ridge)
    root, failed = torch.linalg.cholesky_ex(covariance)
    if int(failed):
        raise BadInput(f"A covariance is singular with ridge {ridge!r}; take a larger one, such as 0.001.")
    far = torch.linalg.solve_triangular(root, (x - sample.mean(0)).T, upper=False).square().sum(0)
    found: Tensor = -far / 2 - root.diagonal().log().sum()
    return found
