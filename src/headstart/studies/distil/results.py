"""Rows of the table: means over seeds with intervals, paired with the student on labels alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from torch import Tensor

from headstart.data.dataset import Dataset
from headstart.data.train_test_split import Rows
from headstart.records.record import Interval
from headstart.report.metric import get_metric
from headstart.session.scoring import difference, main_score, mean_of_figures
from headstart.studies.distil import ALONE, TEACHER, ComparedModel, Cost
from headstart.studies.distil.teaching import agreement

Truth = tuple[Any, Any, int, str]


@dataclass(frozen=True)
class Scorer:
    """Scores outputs on the test rows, and compares them with the teacher's."""

    data: Dataset
    rows: Rows
    seed: int
    metric: str
    said: Tensor  # (n, k) by the teacher, on these rows

    @property
    def truth(self) -> Truth:
        """Labels, groups, seed and metric, as scores take them."""
        return self.data.labels[self.rows], self.data.groups_of(self.rows), self.seed, self.metric

    def teacher(self, title: str, cost: Cost) -> ComparedModel:
        """The row of the teacher."""
        figure = main_score(self.said, *self.truth)
        return ComparedModel("", TEACHER, title, [], [figure.value], figure, None, None, cost)

    def row(
        self,
        which: tuple[str, str, str],
        outputs: Mapping[int, Tensor],
        alone: Mapping[int, Tensor],
        cost: Cost,
    ) -> ComparedModel:
        """The row of a student in a role.

        Args:
            which: its name, its role, and the title of the row.
            outputs: (n, k) for the test rows, by seed.
            alone: those of the same student on labels alone.
            cost: what it takes.
        """
        metric, kind = get_metric(self.metric), self.data.label_kind
        figures = [main_score(one, *self.truth) for one in outputs.values()]
        both = [] if which[1] == ALONE else sorted(outputs.keys() & alone.keys())
        gains = [difference(outputs[seed], alone[seed], *self.truth) for seed in both]
        groups, span = self.data.groups_of(self.rows), metric.most - metric.least
        same = [agreement(one, self.said, groups, kind) for one in outputs.values()]
        found = mean_or_one(figures, metric.least, metric.most)
        assert found is not None
        return ComparedModel(
            *which,
            seeds=list(outputs),
            score=[figure.value for figure in figures],
            figure=found,
            gain=mean_or_one(gains, -span, span),
            agreement=mean_or_one([one for one in same if one is not None], 0.0, 1.0),
            cost=cost,
        )


def mean_or_one(figures: Sequence[Interval], low: float, high: float) -> Interval | None:
    """The mean over seeds with its interval; of one seed its own, over rows; None of none."""
    if len(figures) == 1:
        return figures[0]
    return mean_of_figures(figures, low, high)


def mean_score(outputs: Sequence[Tensor], data: Dataset, rows: Rows, seed: int, metric: str) -> Interval:
    """The mean over seeds of a figure on some rows."""
    figures = [main_score(one, data.labels[rows], data.groups_of(rows), seed, metric) for one in outputs]
    found, known = mean_or_one(figures, get_metric(metric).least, get_metric(metric).most), figures[0]
    return found or Interval(fmean(one.value for one in figures), known.low, known.high)
