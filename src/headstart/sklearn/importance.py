"""Importance weights for any estimator that takes `sample_weight`."""

import warnings
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from sklearn.utils import check_random_state

from headstart.methods.inputs.domains.row_weighting import share_reached
from headstart.metrics.shift.coverage import effective_sample_size
from headstart.solvers.ratios.named import doubt, ratios

from .domains import TwoDomains


class WeightsWarning(UserWarning):
    """Importance weights that are not to be trusted: the source cannot stand for the target."""


@dataclass(frozen=True)
class WeightsReport:
    """What importance weights are worth.

    Attributes:
        ess: effective sample size: that many rows that count alike are as good as the weighted ones.
        rows: of the source.
        largest: share of all weight that the heaviest row has, in (0, 1].
        support: share of the target's rows that lie where the source has rows, in [0, 1]; about 0.95 without
            a shift.
        mean: of the weights before they were brought to mean 1; far from 1, the estimate is not sound.
        chosen: what the estimator chose itself, and what that was judged by.
        doubt: why the weights are not to be trusted; None if nothing speaks against them.
    """

    ess: float
    rows: int
    largest: float
    support: float
    mean: float
    chosen: dict[str, float]
    doubt: str | None


class ImportanceWeights(TwoDomains):
    """Weighs each row of the source by how much likelier it is in the target.

    `weights_` goes into any estimator's `sample_weight`. Labels are not looked at.

    Attributes:
        estimator: "classifier" tells the domains apart, "gaussian" takes a normal distribution for each,
            "kliep" and "ulsif" take sums of kernels, "kmm" matches means.
        clip: a quantile in (0, 1], to which larger weights are cut; None cuts none.
        random_state: of folds and kernels; None draws another one at each fit.
        weights_: after `fit`, (n,) >= 0 with mean 1: p_target(x) / p_source(x) of each source row.
        report_: after `fit`, a `WeightsReport`.
    """

    def __init__(
        self, estimator: str = "classifier", *, clip: float | None = None, random_state: Any = 0
    ) -> None:
        self.estimator = estimator
        self.clip = clip
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None, *, target: Any = None) -> Self:  # noqa: N803
        """Weigh rows X (n, columns) of the source by those of the target (m, columns).

        Warns:
            WeightsWarning: the effective sample size is less than 5 % of the rows, or less than 75 % of the
                target's rows lie where the source has rows.

        Raises:
            BadInput: there is no target, or a setting is out of range.
            Unknown: no estimator goes by that name.
            BadData: the target is no table of finite numbers with the source's columns and two rows, or the
                domains have no region in common.
        """
        X, target = self._pair(X, target)  # noqa: N806
        seed = self.random_state
        if not isinstance(seed, int | np.integer):
            seed = check_random_state(seed).randint(2**31 - 1)
        found = ratios(self.estimator, torch.tensor(X), torch.tensor(target), self.clip, seed=int(seed))
        self.weights_ = found.weights.numpy()
        ess, reached = effective_sample_size(self.weights_), share_reached(X, target)
        text = doubt(reached, ess / len(X))
        self.report_ = WeightsReport(
            ess, len(X), float(self.weights_.max() / len(X)), reached, found.mean, found.chosen, text
        )
        if text:
            warnings.warn(text, WeightsWarning, stacklevel=2)
        return self
