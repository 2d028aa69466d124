"""Common inputs, checks and results of the estimators of importance weights.

The weight of a row x of the source is w(x) = p_target(x) / p_source(x): above 1 where the target has more
rows than the source. A loss averaged over source rows with these weights is the loss on the target, if the
p(y | x) is the same in both (Shimodaira 2000, doi:10.1016/S0378-3758(00)00115-4) and the source has
rows wherever the target has.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from headstart.core import BadData, BadInput, derive_seed
from headstart.solvers import checks

TINY = 1e-300


class Ratios(NamedTuple):
    """Importance weights of the source rows."""

    weights: Tensor  # (n,) float64, >= 0, with mean 1
    mean: float  # mean of the weights before normalisation: near 1 if the estimate is good
    chosen: dict[str, float]  # selected hyper-parameters and their score


def pair(source: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Convert both to float64 and standardise each column by its pooled mean and deviation.

    So the units of the columns do not matter. A constant column becomes 0.

    Raises:
        BadData: either is not a matrix of finite floats, has fewer than two rows, or their widths differ.
    """
    one, other = checks.features(source), checks.features(target)
    if one.shape[1] != other.shape[1]:
        raise BadData(
            f"Source rows have {one.shape[1]} columns and target rows {other.shape[1]}; "
            f"take the features of both from one model."
        )
    if min(len(one), len(other)) < 2:
        raise BadData(f"Weights need two rows of each domain, not {len(one)} and {len(other)}.")
    pool = torch.cat([one, other.to(one.device)])
    centred = pool - pool.mean(0)
    size = centred.square().mean(0).sqrt()
    standard = centred / torch.where(size > 1e-12 * pool.abs().amax(0), size, math.inf)
    return standard[: len(one)], standard[len(one) :]


def from_logs(logs: Tensor, clip: float | None, chosen: dict[str, float]) -> Ratios:
    """`Ratios` from the logarithms (n,) of estimated ratios, which may overflow."""
    top = float(logs.max())
    found = from_values((logs - top).exp(), clip, chosen)
    return found._replace(mean=math.exp(min(700.0, math.log(max(found.mean, TINY)) + top)))


def from_values(values: Tensor, clip: float | None, chosen: dict[str, float]) -> Ratios:
    """`Ratios` from estimated ratios (n,), >= 0.

    Args:
        values: (n,).
        clip: a quantile in (0, 1] at which weights are clipped. None: no clipping.
        chosen: copied into the result.

    Raises:
        BadInput: `clip` is not in (0, 1].
        BadData: all ratios are 0, or one is not finite: the domains have no region in common.
    """
    if clip is not None and not 0 < clip <= 1:
        raise BadInput(f"clip is {clip!r}; it is a quantile in (0, 1], or None to cut no weight.")
    mean = float(values.mean())
    if not (math.isfinite(mean) and mean > 0):
        raise BadData(
            "No source row is anything like a target row, so that no weights can make the source like the "
            "target; see metrics.shift.support for how far apart they are."
        )
    if clip is not None:
        values = values.clamp_max(quantile(values, clip))
    return Ratios(values / values.mean(), mean, chosen)


def quantile(values: Tensor, share: float) -> float:
    """The smallest of `values` (n,) that at least a `share` of them does not exceed."""
    place = max(1, math.ceil(share * len(values) - 1e-9))
    return float(values.sort().values[place - 1])


def dealt(rows: int, folds: int, seed: int) -> Tensor:
    """Random fold numbers (rows,) of nearly equal sizes.

    Raises:
        BadInput: `folds` is not in [2, rows].
    """
    if not 2 <= folds <= rows:
        raise BadInput(f"folds is {folds!r}; with {rows} rows it must be in [2, {rows}].")
    return torch.arange(rows)[shuffled(rows, seed, "folds")] % folds


def shuffled(rows: int, seed: int, what: str) -> Tensor:
    """A permutation of `rows` row indices that depends on the seed and the purpose."""
    return torch.randperm(rows, generator=torch.Generator().manual_seed(derive_seed(seed, "ratios", what)))
