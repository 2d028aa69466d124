"""Draw accuracy against labels per class: every method learns from the same few rows.

A part of the rows is held out, stratified and by whole groups, and every model is evaluated on it. Of the
other rows each seed draws nested subsets with so many rows of each class (with tags and numbers, so many in
all); all methods get the same ones. Sizes without enough rows are left out, and the notes say so.

The record holds for every method and size the score of each seed (`metric`; without it balanced accuracy,
average precision or R\u00b2), their mean with its 95 % interval over the seeds, and the paired difference to
the first method.

Raises:
    BadData: nothing readable, one class, or no size that every class has rows for.
    BadInput: an unknown name or a setting out of range; on resuming, another study's folder.
    CannotWrite: the folder is not empty or can't be written to.
"""

from dataclasses import dataclass
from typing import ClassVar

from headstart.records.metric_titles import merit
from headstart.records.record import Interval, Record
from headstart.records.settings import METRIC, SECONDS, ExperimentSettings, option, several, whole
from headstart.studies._spec import BACKBONE, DATA, LABEL_FIXES, Figure, Study, StudyRecord

SIZES = (1, 2, 5, 10, 20, 50)


@dataclass(frozen=True, kw_only=True)
class CurveSettings(ExperimentSettings):
    """How `curve` works."""

    kind: ClassVar[str] = "curve"

    methods: tuple[str, ...] = option(
        "A method, settings after a colon: fine-tune:last=2; repeatable. The others are compared with the "
        "first. Default: logistic-probe (for numbers ridge-probe), nearest-centroid (for classes), "
        "fine-tune, from-scratch.",
        (),
        several("methods"),
    )
    labels_per_class: tuple[int, ...] | None = option(
        "Labels per class of the subsets, rising; with tags or numbers, labels in all. Else 1,2,5,10,20,50, "
        "or ten times as many.",
        None,
        several("whole numbers"),
        flag="labels",
    )
    budget: float | None = option(
        "Seconds (or 90s, 5m, 1h) from the start of the command; a seed with so many labels is left out, for "
        "all methods, if it would end later. Default: no limit.",
        None,
        SECONDS,
        duration=True,
    )
    metric: str | None = option(
        f"Metric of the curves: {METRIC}. Default: balanced_accuracy, average_precision or r2.",
        None,
        metavar="METRIC",
    )
    steps: int = option(
        "Minimum number of steps per training: with few labels epochs are short.", 50, whole(1)
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        sizes = SIZES if self.labels_per_class is None else self.labels_per_class
        fine = bool(sizes) and all(whole(1).allows(k) for k in sizes) and sorted(set(sizes)) == list(sizes)
        self.check("labels_per_class", fine, "one or more whole numbers >= 1, rising")


@dataclass(frozen=True)
class CurvePoint(Record):
    """A method after training on a few labels a class."""

    method: str  # with its settings, such as "fine-tune:last=2"
    title: str  # in plain words
    labels_per_class: int
    seeds: list[int]  # that did not diverge
    score: list[float]  # of the metric of selection, on the held-out part, one for each of them
    mean: float
    interval: Interval | None  # of the mean, over seeds and test rows; None for a single seed
    gain: Interval | None  # over the first method on the same subsets, paired; None for itself


@dataclass(frozen=True, kw_only=True)
class SizeCurve(StudyRecord):
    """How good several methods are with more and more labels a class."""

    task: str  # name of the data
    classes: list[str]
    train_rows: int  # that the subsets are taken from
    test_rows: int  # held out, the same for all
    backbone: str
    backbone_parameters: int
    labels_per_class: list[int]  # that could be had
    methods: list[str]  # the first one is what the others are compared with
    points: list[CurvePoint]  # by method, then by size
    selection: str = "balanced_accuracy"  # the metric of the scores
    label_kind: str = "classes"  # what the labels are: "classes" (one of them), "tags" (any) or "numbers"

    def of(self, method: str) -> list[CurvePoint]:
        """The points of one method, by rising size."""
        return [point for point in self.points if point.method == method]

    @property
    def figure(self) -> Figure | None:
        """Of the best method with the most labels."""
        most = max((point.labels_per_class for point in self.points), default=0)
        ends = [point for point in self.points if point.labels_per_class == most]
        best = max(ends, key=lambda point: merit(self.selection, point.mean), default=None)
        return None if best is None else Figure(self.selection, best.mean, best.interval)


SPEC = Study(
    name="curve",
    summary="Draw accuracy against labels per class, for several methods over several seeds.",
    examples=("headstart curve photos/ --method ridge-probe --method fine-tune",),
    inputs=(BACKBONE, DATA, LABEL_FIXES),
    settings=CurveSettings,
    record=SizeCurve,
    resumed=("budget",),
)
