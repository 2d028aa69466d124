"""Tables of the prior that `tablenet` was trained on, as few-shot tasks."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch

from headstart.core import Episodes, Labelled, derive_seed
from headstart.core.label_kind import LabelKind
from headstart.tasks.family import TaskFamily
from headstart.tasks.prior.draws import Draws, standard
from headstart.tasks.prior.labels import MOST_CLASSES, noisy
from headstart.tasks.prior.tables import FAMILIES, SHARES


@final
@dataclass(frozen=True, kw_only=True)
class SyntheticTables(TaskFamily):
    """Classification of rows of made-up tables: random graphs, forests, Gaussian processes, lines and groups.

    Classes are intervals of a score that the columns tell of, as many rows in each. Columns are numbers of
    mean 0 and variance 1, without gaps, so that any learner takes them.

    Attributes:
        ways: classes of a task, >= 2.
        columns: numbers of an input, >= 1.
    """

    name: ClassVar[str] = "synthetic-tables"
    kind: ClassVar[LabelKind] = "classes"

    ways: int = 2
    columns: int = 6

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_whole("ways", 2)
        self.check_whole("columns", 1)

    @property
    def shape(self) -> tuple[int, ...]:
        """So many numbers."""
        return (self.columns,)

    @property
    def outputs(self) -> int:
        """The classes."""
        return self.ways

    def draw(self, step: int) -> Episodes:
        """The tasks of a step: x (tasks, rows, columns), y (tasks, rows)."""
        shots = self.shots_at(step)
        drawn = [self._task(derive_seed(self.seed, "table", step, task), shots) for task in range(self.tasks)]
        return Episodes(
            *(Labelled(*map(torch.stack, zip(*part, strict=True))) for part in zip(*drawn, strict=True))
        )

    def _task(self, seed: int, shots: int) -> tuple[tuple[torch.Tensor, torch.Tensor], ...]:
        """Rows to learn from and rows to predict of one task, each with their classes."""
        draws = Draws(seed)
        each = shots + self.queries
        rows = self.ways * each
        family = tuple(SHARES)[int(draws.pick(1, shares=tuple(SHARES.values())))]
        x, scores = FAMILIES[family](draws, 1, rows, self.columns, MOST_CLASSES)
        x, score = standard(x)[0], noisy(draws, scores)[0, :, 0]
        order = score.argsort().view(self.ways, each)[draws.order(self.ways)]  # classes are numbered anew
        order = order.gather(1, draws.order(self.ways, each))
        y = torch.arange(self.ways)[:, None].expand(-1, each)
        found = []
        for part in (slice(None, shots), slice(shots, None)):
            mixed = draws.order(order[:, part].numel())
            found.append((x[order[:, part].flatten()[mixed]], y[:, part].flatten()[mixed]))
        return tuple(found)
