"""Linear regression with a normal prior, in closed form (Bishop 2006, section 3.3)."""

import math
from typing import NamedTuple

import torch
from torch import Tensor


class Normal(NamedTuple):
    """Normal distributions of d numbers."""

    mean: Tensor  # (..., d)
    covariance: Tensor  # (..., d, d)


def regression_posterior(x: Tensor, y: Tensor, prior: Normal, noise: float) -> Normal:
    """The distribution of weights w given rows y = x w + N(0, noise^2), w from the prior.

    Args:
        x: (..., n, d).
        y: (..., n).
        prior: of w; its covariance may be singular.
        noise: standard deviation, > 0.
    """
    gain = torch.linalg.solve(_spread_of(x, prior.covariance, noise), x @ prior.covariance).mT  # (..., d, n)
    rest = y - (x @ prior.mean[..., None])[..., 0]
    mean = prior.mean + (gain @ rest[..., None])[..., 0]
    return Normal(mean, prior.covariance - gain @ x @ prior.covariance)


def shared_mean_posterior(x: Tensor, y: Tensor, prior: Normal, covariance: Tensor, noise: float) -> Normal:
    """The distribution of the mean m that t tasks share, given their rows.

    Weights w of each task are from N(m, covariance), its rows y = x w + N(0, noise^2). What was a task's own
    is integrated out.

    Args:
        x: (t, n, d).
        y: (t, n).
        prior: of m (d,), with a covariance of full rank.
        covariance: (d, d).
        noise: standard deviation, > 0.
    """
    weighed = torch.linalg.solve(_spread_of(x, covariance, noise), x)  # (t, n, d)
    before = torch.linalg.inv(prior.covariance)
    precision = before + (x.mT @ weighed).sum(0)
    told = before @ prior.mean + (weighed.mT @ y[..., None])[..., 0].sum(0)
    return Normal(torch.linalg.solve(precision, told), torch.linalg.inv(precision))


def normal_entropy(covariance: Tensor) -> Tensor:
    """The differential entropy (...) in nats of normal distributions with covariances (..., d, d)."""
    return 0.5 * (covariance.shape[-1] * math.log(2 * math.pi * math.e) + torch.logdet(covariance))


def _spread_of(x: Tensor, covariance: Tensor, noise: float) -> Tensor:
    """The covariance (..., n, n) of answers to rows x (..., n, d)."""
    return x @ covariance @ x.mT + noise**2 * torch.eye(x.shape[-2], dtype=x.dtype, device=x.device)
