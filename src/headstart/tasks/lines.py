"""Lines with related slopes and intercepts, whose best predictions are known in closed form."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from headstart.core import Episodes, Labelled
from headstart.core.draws import normals, reseeded, uniforms
from headstart.solvers.bayesian_regression import Normal, regression_posterior
from headstart.tasks.curves import CurveFamily
from headstart.tasks.family import are_numbers


@final
@dataclass(frozen=True, kw_only=True)
class Lines(CurveFamily):
    """Regression tasks y = slope x + intercept + N(0, noise^2), x uniform.

    Attributes:
        slope: mean and standard deviation of the normal distribution that the slopes are from.
        intercept: those of the intercepts.
        range: least and largest x.
        noise: standard deviation of what is added to y, > 0.
    """

    name: ClassVar[str] = "lines"

    slope: tuple[float, float] = (1.0, 0.5)
    intercept: tuple[float, float] = (0.0, 2.0)
    range: tuple[float, float] = (-5.0, 5.0)
    noise: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        for setting in ("slope", "intercept"):
            both = getattr(self, setting)
            fine = are_numbers(both) and len(both) == 2 and both[1] >= 0
            self.check(setting, fine, "a pair of numbers, (mean, standard deviation >= 0)")
        self.check_ends("range")
        self.check("noise", self.noise > 0, "> 0")

    def points(self, seed: Tensor, rows: int) -> tuple[Tensor, Tensor]:
        """Points x and y (tasks, rows) of the functions of seeds."""
        (slope, slopes), (intercept, intercepts) = self.slope, self.intercept
        drawn = normals(reseeded(seed, 0), 2)
        x = self.range[0] + (self.range[1] - self.range[0]) * uniforms(reseeded(seed, 1), rows).float()
        y = (slope + slopes * drawn[:, :1]) * x + intercept + intercepts * drawn[:, 1:]
        y = y + self.noise * normals(reseeded(seed, 2), rows)
        return x, y

    def posterior(self, support: Labelled) -> Normal:
        """The distribution of slope and intercept of each task given its support, float64 (tasks, 2).

        Args:
            support: x and y (tasks, s, 1).
        """
        means, deviations = torch.tensor([self.slope, self.intercept], dtype=torch.float64).unbind(1)
        prior = Normal(means, deviations.square().diag())
        return regression_posterior(_features(support.x), support.y[..., 0].double(), prior, self.noise)

    def best_answers(self, episodes: Episodes) -> Tensor:
        """The best answers (tasks, q, 1) to queries: the mean of y given the support."""
        weights = self.posterior(episodes.support).mean
        return (_features(episodes.query.x) @ weights[..., None]).float()


def _features(x: Tensor) -> Tensor:
    """Inputs (tasks, rows, 1) and a column of ones, in double precision."""
    return torch.cat([x, torch.ones_like(x)], 2).double()
