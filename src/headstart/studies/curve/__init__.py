"""Draw accuracy against labels per class: every method learns from the same few rows.

A part of the rows is held out, stratified and by whole groups, and every model is evaluated on it. Of the
other rows each seed draws nested subsets with so many rows of each class (with tags and numbers, so many in
all); all methods get the same ones. Sizes without enough rows are left out, and the notes say so.

With methods that pre-train, each method learns from several starts: the weights as they were given (if they
have learned anything), random ones, those pre-trained on the training part without its labels (`pretrain`),
and those pre-trained on other data (`upstream`, `pretrain_upstream`). Each pre-training is carried out once
with every seed, and sees no test row; differences are those to the first start with the same method.

The record holds for every method and size the score of each seed (`metric`; without it balanced accuracy,
average precision or R\u00b2), their mean with its 95 % interval over the seeds, and the paired difference to
the first method, or with several starts to the first start.

Raises:
    BadData: nothing readable, one class, or no size that every class has rows for; upstream data of another
        kind or shape.
    BadInput: an unknown name or a setting out of range; a method that does not pre-train, or learns from
        labels that it must not see; on resuming, another study's folder.
    CannotWrite: the folder is not empty or can't be written to.
"""

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from headstart.records.metric_titles import merit
from headstart.records.record import Interval, Record
from headstart.records.settings import METRIC, SECONDS, ExperimentSettings, option, several, whole
from headstart.studies._spec import BACKBONE, DATA, LABEL_FIXES, Figure, Study, StudyRecord, optional_input

SIZES = (1, 2, 5, 10, 20, 50)
ALL: Literal["all"] = "all"  # of the training part, in the place of a size


@dataclass(frozen=True, kw_only=True)
class CurveSettings(ExperimentSettings):
    """How `curve` works."""

    kind: ClassVar[str] = "curve"

    methods: tuple[str, ...] = option(
        "A method, settings after a colon: fine-tune:last=2; repeatable. The others are compared with the "
        "first. Default: logistic-probe (for numbers ridge-probe), nearest-centroid (for classes), "
        "fine-tune, from-scratch; with pre-training the probe and fine-tune.",
        (),
        several("methods"),
    )
    labels_per_class: tuple[int | Literal["all"], ...] | None = option(
        "Labels per class of the subsets, rising; with tags or numbers, labels in all. The last may be all: "
        "the whole training part. Else 1,2,5,10,20,50, or ten times as many.",
        None,
        several("whole numbers"),
        flag="labels",
        words=(ALL,),
    )
    pretrain: tuple[str, ...] = option(
        "A method that pre-trains the backbone on the training part without its labels, settings after a "
        "colon: simclr:steps=500; repeatable. All methods then learn from it, from the weights as given and "
        "from random ones.",
        (),
        several("methods"),
    )
    pretrain_upstream: tuple[str, ...] = option(
        "The same on the data of --upstream, where supervised-pretraining learns from labels; repeatable. "
        "Default: supervised-pretraining and those of --pretrain.",
        (),
        several("methods"),
    )
    pretrain_epochs: int = option(
        "Epochs of each pre-training, in batches of 256, unless its method says otherwise.", 50, whole(1)
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
        numbers = list(sizes[:-1] if sizes and sizes[-1] == ALL else sizes)
        fine = bool(sizes) and all(whole(1).allows(k) for k in numbers) and sorted({*numbers}) == numbers
        self.check("labels_per_class", fine, "one or more whole numbers >= 1, rising, or 'all' as the last")


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
    start: str = "given"  # what the method began with: the label of a `CurveStart`


@dataclass(frozen=True)
class CurveStart(Record):
    """What the methods of a curve began with."""

    label: str  # "given", "scratch", or the method that pre-trained, with its settings; " upstream" after it
    title: str  # in plain words
    data: str  # that it was pre-trained on; "" if it was not
    rows: int  # of them; 0 if it was not


@dataclass(frozen=True)
class Saving(Record):
    """How many labels the first start needs for what a pre-training reaches with fewer."""

    start: str
    method: str
    labels_per_class: int  # that the start had
    # with which the first start is as good, read off its means; null: it is nowhere as good
    equals: float | None
    low: float | None  # the same at the ends of the interval of the gain
    high: float | None
    clear: bool  # whether the interval of the gain is above 0: otherwise no label is known to be saved


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

    starts: list[CurveStart] = field(default_factory=list)  # the first is what the others are compared with
    savings: list[Saving] = field(default_factory=list)  # of each pre-training, method and size
    all_rows: bool = False  # whether the last of the sizes is the whole training part, whatever its shares

    def of(self, method: str, start: str | None = None) -> list[CurvePoint]:
        """The points of one method, by rising size; of one start, if there are several."""
        return [p for p in self.points if p.method == method and start in (None, p.start)]

    @property
    def figure(self) -> Figure | None:
        """Of the best method with the most labels."""
        most = max((point.labels_per_class for point in self.points), default=0)
        ends = [point for point in self.points if point.labels_per_class == most]
        best = max(ends, key=lambda point: merit(self.selection, point.mean), default=None)
        return None if best is None else Figure(self.selection, best.mean, best.interval)


UPSTREAM = optional_input(
    name="upstream",
    help="Other labelled data to pre-train on, as `hs.data.load` takes them; rows that stand in the data are "
    "left out.",
)
SPEC = Study(
    name="curve",
    summary="Draw accuracy against labels per class, for several methods over several seeds.",
    examples=(
        "headstart curve photos/ --method ridge-probe --method fine-tune",
        "headstart curve digits --backbone small-convnet --pretrain simclr",
    ),
    inputs=(BACKBONE, DATA, UPSTREAM, LABEL_FIXES),
    settings=CurveSettings,
    record=SizeCurve,
    schema=3,
    resumed=("budget",),
)
