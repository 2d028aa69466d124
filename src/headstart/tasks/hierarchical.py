"""Linear tasks whose weights share a mean: what that mean is worth is known in closed form."""

from dataclasses import dataclass
from numbers import Real
from typing import Any, ClassVar, NamedTuple, final

import torch
from torch import Tensor

from headstart.core import BadData, BadInput, Episodes, Labelled, derive_seed
from headstart.core.draws import normals, reseeded
from headstart.core.label_kind import LabelKind
from headstart.face import spell
from headstart.solvers.bayesian_regression import (
    Normal,
    normal_entropy,
    regression_posterior,
    shared_mean_posterior,
)
from headstart.tasks.family import TaskFamily, are_numbers, range_of

WORLDS, NEW = 10, 2000  # sets of tasks that theta is learned from, and supports, over which is averaged


class ThetaValue(NamedTuple):
    """Expected squared error of the best answers to a query, noise included.

    Attributes:
        known: given theta and the support.
        learned: given the rows of so many tasks, and the support.
        unknown: given the support and the prior of theta.
    """

    known: float
    learned: float
    unknown: float


@final
@dataclass(frozen=True, kw_only=True)
class HierarchicalGaussians(TaskFamily):
    """Regression tasks y = phi x + N(0, noise^2), whose weights phi are from N(theta, spread^2 I).

    Inputs x are from N(0, I). Theta is what all tasks share: a learner that learned from many tasks may know
    it. One that does not holds it for a draw from N(0, theta_spread^2 I).

    Attributes:
        theta: the mean of the weights, a number for each column.
        spread: standard deviation of the weights around theta, > 0.
        theta_spread: of theta around 0, in the eyes of who does not know it, > 0.
        noise: standard deviation of what is added to y, > 0.
    """

    name: ClassVar[str] = "hierarchical-gaussians"
    kind: ClassVar[LabelKind] = "numbers"

    theta: tuple[float, ...] = (3.0, -3.0)
    spread: float = 0.5
    theta_spread: float = 3.0
    noise: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        given: Any = self.theta
        object.__setattr__(self, "theta", (given,) if isinstance(given, Real) else given)
        self.check(
            "theta", are_numbers(self.theta) and len(self.theta) >= 1, "a tuple of one or more numbers"
        )
        for setting in ("spread", "theta_spread", "noise"):
            self.check(setting, getattr(self, setting) > 0, "> 0")

    @property
    def shape(self) -> tuple[int, ...]:
        """A number for each of theta."""
        return (len(self.theta),)

    @property
    def outputs(self) -> int:
        """One number."""
        return 1

    def weights(self, step: int) -> Tensor:
        """The weights phi (tasks, columns) of the tasks of a step, which a learner does not see."""
        drawn = normals(reseeded(self.seeds_at(step), 0), len(self.theta))
        return torch.tensor(self.theta) + self.spread * drawn

    def draw(self, step: int) -> Episodes:
        """The tasks of a step: x (tasks, rows, columns) and y (tasks, rows, 1)."""
        seed, shots = self.seeds_at(step), self.shots_at(step)
        rows = shots + self.queries
        x = normals(reseeded(seed, 1), rows * len(self.theta)).view(self.tasks, rows, -1)
        y = x @ self.weights(step)[..., None] + self.noise * normals(reseeded(seed, 2), rows)[..., None]
        return Episodes(Labelled(x[:, :shots], y[:, :shots]), Labelled(x[:, shots:], y[:, shots:]))

    def prior(self, theta: Normal | None = None) -> Normal:
        """The distribution of the weights of a new task: p(phi | theta).

        Args:
            theta: what is known of theta; None: theta itself.
        """
        own = self.spread**2 * self._unit
        if theta is None:
            return Normal(torch.tensor(self.theta, dtype=torch.float64), own)
        return Normal(theta.mean, theta.covariance + own)

    @property
    def theta_prior(self) -> Normal:
        """What is known of theta before any task."""
        return Normal(torch.zeros(len(self.theta), dtype=torch.float64), self.theta_spread**2 * self._unit)

    def posterior(self, support: Labelled, theta: Normal | None = None) -> Normal:
        """The distribution p(phi | theta, support) of the weights of each task, float64 (tasks, columns).

        Args:
            support: x (tasks, s, columns), y (tasks, s, 1).
            theta: what is known of theta, such as `theta_prior`; None: theta itself.

        Raises:
            BadData: the support has other shapes.
        """
        return regression_posterior(*self._rows(support), self.prior(theta), self.noise)

    def theta_posterior(self, rows: Labelled) -> Normal:
        """What many tasks tell of theta: p(theta | rows).

        Args:
            rows: x (tasks, s, columns), y (tasks, s, 1).

        Raises:
            BadData: the rows have other shapes.
        """
        return shared_mean_posterior(*self._rows(rows), self.theta_prior, self.prior().covariance, self.noise)

    def best_answers(self, episodes: Episodes, theta: Normal | None = None) -> Tensor:
        """The best answers (tasks, q, 1) to queries: the mean of y given the support, as in `posterior`."""
        found = self.posterior(episodes.support, theta).mean[..., None].float()
        return episodes.query.x @ found

    def entropy_given_theta(self) -> float:
        """The entropy of p(phi | theta), in nats."""
        return float(normal_entropy(self.prior().covariance))

    def entropy(self) -> float:
        """The entropy of p(phi), where theta is not known, in nats.

        It is larger by the mutual information of phi and theta: what knowing theta tells of a task.
        """
        return float(normal_entropy(self.prior(self.theta_prior).covariance))

    def value_of_theta(self, shots: int | None = None, tasks: int | None = None) -> ThetaValue:
        """How much a shared theta is worth: the expected squared error of the best answers.

        It is computed in closed form given the inputs, and averaged over inputs that are drawn.

        Args:
            shots: rows of a support, >= 0; None: the least of the family.
            tasks: that theta is learned from, >= 1, with so many rows each; None: those of one step.

        Raises:
            BadInput: fewer shots or tasks.
        """
        shots = range_of(self.shots)[0] if shots is None else shots
        tasks = self.tasks if tasks is None else tasks
        if shots < 0 or tasks < 1:
            raise BadInput(f"{spell('shots', shots)} must be >= 0 and {spell('tasks', tasks)} >= 1.")
        new = self._inputs("new", NEW, shots)
        no_answers = torch.zeros(new.shape[:-1], dtype=torch.float64)

        def error(theta: Normal | None) -> float:
            after = regression_posterior(new, no_answers, self.prior(theta), self.noise).covariance
            return float(after.diagonal(dim1=-2, dim2=-1).sum(-1).mean()) + self.noise**2  # as E[x x'] = I

        own = self.prior().covariance
        learned = []
        for world in range(WORLDS):
            x = self._inputs(f"world {world}", tasks, shots)
            answers = torch.zeros(x.shape[:-1], dtype=torch.float64)
            learned.append(error(shared_mean_posterior(x, answers, self.theta_prior, own, self.noise)))
        return ThetaValue(error(None), sum(learned) / WORLDS, error(self.theta_prior))

    @property
    def _unit(self) -> Tensor:
        return torch.eye(len(self.theta), dtype=torch.float64)

    def _inputs(self, what: str, tasks: int, rows: int) -> Tensor:
        """Inputs (tasks, rows, columns) of their own draw."""
        seed = torch.tensor([derive_seed(self.seed, "value", what)])
        drawn = normals(seed, tasks * rows * len(self.theta)).double()
        return drawn.view(tasks, rows, len(self.theta))

    def _rows(self, rows: Labelled) -> tuple[Tensor, Tensor]:
        """Inputs and answers (tasks, s) in double precision."""
        if rows.x.ndim != 3 or rows.x.shape[2:] != self.shape or rows.y.shape != (*rows.x.shape[:2], 1):
            raise BadData(
                f"The rows have the shapes {tuple(rows.x.shape)} and {tuple(rows.y.shape)}; they must be "
                f"(tasks, rows, {len(self.theta)}) and (tasks, rows, 1)."
            )
        return rows.x.double(), rows.y[..., 0].double()
