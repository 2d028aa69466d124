"""The estimators of importance weights by name, and a check of their reliability."""

from typing import Literal, get_args

from torch import Tensor

from headstart.core import Unknown

from .classifier import classifier_ratios
from .common import Ratios
from .gaussian import gaussian_ratios
from .kliep import kliep_ratios
from .kmm import kmm_ratios
from .ulsif import ulsif_ratios

Estimator = Literal["classifier", "gaussian", "kliep", "ulsif", "kmm"]
ESTIMATORS: tuple[Estimator, ...] = get_args(Estimator)
REACHED = 0.75  # minimal share of supported target rows; about 0.95 without shift
LEFT = 0.05  # minimal effective sample size as a share of the source rows


def ratios(
    estimator: str, source: Tensor, target: Tensor, clip: float | None = None, seed: int = 0
) -> Ratios:
    """Estimate importance weights of source rows (n, d) for target rows (m, d).

    Args:
        estimator: one of `ESTIMATORS`; each is described in the module of its name.
        source: rows (n, d), n >= 2.
        target: rows (m, d), m >= 2.
        clip: a quantile in (0, 1] at which weights are clipped. None: no clipping.
        seed: of folds and random draws; "gaussian" and "kmm" are deterministic.

    Raises:
        Unknown: no estimator has that name.
        BadData: either is not a matrix of finite floats, has fewer than two rows, or their widths differ.
        BadInput: `clip` is out of range.
    """
    if estimator in ("gaussian", "kmm"):
        solve = gaussian_ratios if estimator == "gaussian" else kmm_ratios
        return solve(source, target, clip=clip)
    seeded = {"classifier": classifier_ratios, "kliep": kliep_ratios, "ulsif": ulsif_ratios}
    if estimator not in seeded:
        raise Unknown("estimator of weights", estimator, ESTIMATORS)
    found: Ratios = seeded[estimator](source, target, clip=clip, seed=seed)  # type: ignore[operator]
    return found


def doubt(support_share: float, ess: float) -> str | None:
    """Why the weights are unreliable, in a sentence or two; None if they pass the checks.

    Args:
        support_share: share of target rows within the support of the source, in [0, 1]; see
            `metrics.shift.coverage.support`.
        ess: the effective sample size of the weights as a share of the rows, in (0, 1].
    """
    found = []
    if support_share < REACHED:
        found.append(
            f"Only {support_share:.0%} of the target's rows lie where the source has rows; no weights make "
            "up for the others. Align the features instead, or label rows of the target."
        )
    if ess < LEFT:
        found.append(
            f"The weighted rows are as good as {ess:.1%} of them would be that count alike. Clip the "
            "weights, take fewer columns, or more rows of the source that are like the target."
        )
    return " ".join(found) or None
