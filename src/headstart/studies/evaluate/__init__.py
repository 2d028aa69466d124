"""Evaluate a fitted model on labelled data that it has not seen: every metric with its interval.

Labels are matched to the model's classes, tags or columns by name; whole numbers are names too. Intervals
are over what is independent: rows of a group of yours, and rows that are duplicates of each other, count
together. The main figure is compared with a model that always gives the same answer, and with the figure of
the run's own report, if the model comes from a run.

Raises:
    BadData: nothing readable, rows of another kind, or labels that are none of the model's; they are named.
    BadInput: no such model, or its labels are of another kind.
    CannotWrite: the folder is not empty or can't be written to.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from headstart.records.record import Bin, Interval, Record, Scores
from headstart.records.settings import Rule, StudySettings, option
from headstart.records.two_classes import TwoClasses
from headstart.studies._spec import LABEL_FIXES, START, Figure, Input, Study, StudyRecord
from headstart.studies.adapt import ColumnFigures, Mistake, TagFigures


@dataclass(frozen=True, kw_only=True)
class EvaluateSettings(StudySettings):
    """How `evaluate` works."""

    kind: ClassVar[str] = "evaluate"

    metric: str | None = option(
        "Metric that comes first, as of adapt. Default: that of the model's run, else accuracy, "
        "average_precision of tags, r2 of numbers.",
        None,
        metavar="METRIC",
    )
    allow_unseen: bool = option(
        "Of tables: all rows may have a name in a column that no training row had.", False
    )
    abstain: float | None = option(
        "Predict 'unsure' below this probability, in [0, 1). Default: what the model was saved with.",
        None,
        Rule(lambda v: 0 <= v < 1, "in [0, 1)"),
    )
    seed: int = option("Random seed of the intervals that are drawn.", 0)


@dataclass(frozen=True)
class ClassFigures(Record):
    """How well one class is predicted."""

    name: str
    rows: int  # of this class
    predicted: int  # rows that it is predicted for
    recall: Interval | None  # share of its rows that are predicted right; None if it has no rows
    precision: Interval | None  # share of the rows it is predicted for that are right; None if there are none


@dataclass(frozen=True)
class Abstained(Record):
    """What it brings to predict "unsure" below a probability."""

    below: float  # this probability
    unsure: Interval  # share of the rows
    accuracy: Interval | None  # on the other rows; None if there are none


@dataclass(frozen=True)
class Reported(Record):
    """What the report of the model's own run says."""

    task: str  # name of its data
    rows: int  # of its test part
    figures: dict[str, Interval]  # of the selected model on that test part, by metric
    change: Interval  # how much better the main figure is than that one; two independent samples, 95 %


@dataclass(frozen=True, kw_only=True)
class Evaluation(StudyRecord):
    """A model on labelled data."""

    main_tables: ClassVar[tuple[str, ...]] = ("per_class", "tags", "columns")

    task: str  # name of the data
    model: str  # the folder that it was opened from, or "a predictor"
    kind: str  # of the samples: "pictures", "texts", "numbers" or "tables"
    label_kind: str  # "classes", "tags" or "numbers"
    metric: str  # the main one
    classes: list[str]  # of the model: classes, tags or columns
    rows: int
    groups: int  # independent units: groups of rows and single rows
    absent: list[str]  # classes or tags of the model that no row has
    scores: Scores
    constant: Interval  # the main figure of the best constant: the largest class, each tag's share, the mean
    gain: Interval  # how much better the main figure is than the constant's, in pairs, 95 %
    abstained: Abstained | None  # None if the model never predicts "unsure", and of tags and numbers
    reported: Reported | None  # None if the model comes from no run
    confusion: list[list[int]]  # rows: truth x answer; [] of tags and numbers
    bins: list[Bin]  # [] of numbers
    per_class: list[ClassFigures]  # [] of tags and numbers
    tags: list[TagFigures]
    columns: list[ColumnFigures]
    mistakes: list[Mistake]  # the worst
    two_classes: TwoClasses | None = None  # ROC, precision and recall; None of other labels

    @property
    def test_rows(self) -> int:
        """The rows, as the record of `adapt` calls them."""
        return self.rows

    def __getitem__(self, metric: str) -> Interval:
        """The figure of one of the metrics."""
        return self.scores[metric]

    @property
    def figure(self) -> Figure | None:
        """The main one."""
        return Figure.of(self.scores.main, self.scores.main_figure)


SPEC = Study(
    name="evaluate",
    summary="Evaluate a model on labelled data that it has not seen: all metrics with intervals.",
    examples=(
        "headstart evaluate run new-photos/",
        "headstart evaluate run later.csv --label-column stars",
    ),
    group=START,
    inputs=(
        Input(
            name="run",
            help="A run folder or the model folder in it; in Python a predictor, too.",
            kind="model",
            hint=Path,
        ),
        Input(name="data", help="Labelled data, as `hs.data.load` takes them.", kind="value"),
        LABEL_FIXES,
    ),
    settings=EvaluateSettings,
    record=Evaluation,
    without=("task", "attribute_column", "categorical", "beside", "keep", "per_class", "window"),
    reads_folder=True,
)
