"""Turn a pretrained backbone and labelled data into a model, a report and the evidence for both.

The data are checked and split. On the training part, methods are compared by cross-validation under a time
budget, and the best one is fitted on all of it. Then the held-out test part is predicted, once, also by the
same architecture trained from scratch, the largest class and the raw features. The record holds everything
that the report shows and nothing that a second run would not repeat: times are in `timings.json`.

Raises:
    BadData: nothing readable, one class, or a class with one row.
    BadInput: an unknown name or a setting out of range; a source that no method learns from, or a method
        without its source; on resuming, another study's folder.
    CannotWrite: the folder is not empty or can't be written to.
    Diverged: every training's loss stopped being a number.
"""

import math
from dataclasses import dataclass, field
from typing import Any, Literal

from headstart.records.outputs import ColumnFigures as ColumnFigures
from headstart.records.outputs import Mistake as Mistake
from headstart.records.outputs import TagFigures as TagFigures
from headstart.records.record import Bin, Interval, Record, Scores
from headstart.records.settings import POSITIVE, SHARE, Rule, TrainingSettings, one_of, option, whole
from headstart.records.two_classes import FORMS, TwoClasses, is_threshold
from headstart.studies._spec import BACKBONE, DATA, LABEL_FIXES, START, Study, StudyRecord, optional_input


@dataclass(frozen=True, kw_only=True)
class AdaptSettings(TrainingSettings):
    """How `adapt` works; each field is an option of the command line."""

    budget: float = option(
        "Seconds (or 5m, 1h) from the start of the command to the report; what does not fit is left out.",
        300.0,
        Rule(lambda v: v > 0, "a number of seconds > 0"),
        duration=True,
    )
    reading: Literal["auto", "own"] = option(
        "Choose by a probe at which size samples are read and from which blocks probes take features, or "
        "leave both as the backbone has them (own).",
        "auto",
        one_of("auto", "own"),
    )
    methods: tuple[str, ...] = option(
        "Method to compare, with settings after a colon: fine-tune:last=2; repeatable. Default: all that "
        "suit the data and the budget.",
        (),
    )
    transfer_only: bool = option(
        "Ship only what transfers something; methods that transfer nothing are compared, but not selected.",
        False,
    )
    metric: str | None = option(
        "Metric that selects the method and comes first in the report: accuracy, balanced_accuracy, macro_f1 "
        "or log_loss; of tags average_precision, ...; of numbers r2, rmse, mae, spearman. Default: accuracy, "
        "or balanced_accuracy where a class is more than three times another; average_precision; r2.",
        None,
        metavar="METRIC",
    )
    logit_adjustment: float = option(
        "Take this times the log of a class's share in training off its logit: 1 makes all classes equally "
        "frequent for the model, which serves balanced accuracy.",
        0.0,
        Rule(lambda v: 0 <= v < math.inf, "a number >= 0"),
    )
    folds: int = option("Number of cross-validation folds on the training part, at least 2.", 5, whole(2))
    test: float = option("Fraction of the rows held out for the final test, in (0, 1).", 0.2, SHARE)
    lr: float = option("Peak learning rate of heads; backbones use a tenth of it.", 2e-3, POSITIVE)
    curve: bool = option("Also measure accuracy against labels per class.", True)
    head: str = option(
        "Of a fitted model as the backbone: keep its outputs for classes of the same names, begin with a new "
        "head, or rename classes first, as in maize=corn,oat=oats.",
        "keep",
        metavar="HEAD",
    )
    positive: str | None = option(
        "Of two classes: the positive one, which a threshold, ROC and precision-recall are about. Default: "
        "the one with fewer rows.",
        None,
        metavar="CLASS",
    )
    threshold: str | None = option(
        "Of two classes: predict the positive one from this probability on. A number; auto or max:f1, ... "
        "(best for a metric), recall=0.9 or precision=0.9 (at least that), chosen on out-of-fold rows. "
        "Default: 0.5.",
        None,
        Rule(is_threshold, FORMS),
        metavar="RULE",
    )
    abstain: float = option(
        "Predict 'unsure' below this probability, in [0, 1).",
        0.0,
        Rule(lambda v: 0 <= v < 1, "in [0, 1)"),
    )


@dataclass(frozen=True)
class Candidate(Record):
    """A method that was tried by cross-validation on the training part."""

    name: str  # such as "ridge-probe"
    title: str  # in plain words, such as "Ridge probe"
    settings: dict[str, Any]
    transfers: str
    adapts: str
    paper: str
    folds: int  # that it was tried on
    of_folds: int
    dropped: str  # why it was not tried on all of them; "" if it was
    trained_parameters: int
    scores: Scores | None  # over the out-of-fold predictions; None if it was not tried


@dataclass(frozen=True)
class Tested(Record):
    """A model scored once on the held-out test part."""

    name: str  # "selected", "from-scratch", "majority-class", "raw-pixels", "word-counts", "columns"
    title: str
    trained_parameters: int
    scores: Scores
    gain: Interval | None  # how much better the selected is by the main metric, in pairs; None for itself


@dataclass(frozen=True)
class Layer:
    """What a block of the frozen backbone knows: a ridge probe, scored on rows left out of its fit."""

    block: str
    width: int
    score: Interval  # of the main metric


@dataclass(frozen=True)
class SizePoint:
    """How good a method is after training on a few labels a class."""

    method: str
    title: str
    labels_per_class: int  # of tags and numbers: rows in all
    score: list[float]  # one per seed, of the main metric; of accuracy, or R\u00b2, where lower is better


@dataclass(frozen=True)
class Curve:
    """The loss of one training, step by step."""

    method: str
    title: str
    fold: int  # -1: the final training on all of the training part
    steps: list[int]
    losses: list[float]


@dataclass(frozen=True)
class Forgetting:
    """How well the old head of a fitted model predicts its old task with the backbone before and after."""

    task: str  # name of the old data
    rows: int  # of them that nothing was learned from here
    held_out: bool  # whether the run that fitted the model held out the same rows
    metric: str
    before: Interval
    after: Interval  # of the selected method
    change: Interval  # after less before, in pairs; < 0: forgotten


@dataclass(frozen=True)
class Reading:
    """A way of reading samples that was compared, by a probe on rows of the training part."""

    what: str  # that differs: "size", "fit" or "features"
    name: str  # such as "160 x 160 pixels", "pad", "output and 3 blocks before"
    loss: float  # of rows that were left out, in nats; of numbers, squared error in units of the variance
    difference: float  # of the loss from that of the best size, or from the backbone's own way
    error: float  # its standard error, paired over the rows
    chosen: bool


@dataclass(frozen=True)
class Finding:
    """Something the data check noticed."""

    kind: str  # "unreadable", "exact-duplicates", "near-duplicates", "few-examples", "imbalance", ...
    severity: str  # "note" or "warning"
    text: str  # one plain sentence
    items: list[str]  # at most 20 examples
    count: int


@dataclass(frozen=True)
class DataCheck(Record):
    """What a check of the data noticed before anything was trained."""

    rows: int  # readable
    classes: dict[str, int]  # rows of each class
    findings: list[Finding]


@dataclass(frozen=True, kw_only=True)
class Result(StudyRecord):
    """All that a report shows, and nothing that a second run would not repeat."""

    task: str  # name of the data
    classes: list[str]
    train_rows: int
    test_rows: int
    test_groups: int  # independent units of the test part: groups, duplicates together; else its rows
    backbone: str
    backbone_parameters: int
    preprocess: dict[str, Any]
    check: DataCheck
    candidates: list[Candidate]
    selected: str  # name of the winning candidate
    why: str  # one plain sentence
    tested: list[Tested]  # the selected model first
    headline: str
    warnings: list[str]  # such as: transfer hurts here
    confusion: list[list[int]]  # test rows: truth x answer; [] of tags and numbers
    bins: list[Bin]
    mistakes: list[Mistake]
    layers: list[Layer]
    size_curve: list[SizePoint]
    curves: list[Curve]
    kind: str = "pictures"  # what the samples are: "pictures", "texts", "numbers" or "tables"
    label_kind: str = "classes"  # what the labels are: "classes" (one of them), "tags" (any) or "numbers"
    metric: str = "accuracy"  # that methods were selected by, and the main one of the report
    readings: list[Reading] = field(default_factory=list)  # that were compared; [] if none were
    tags: list[TagFigures] = field(default_factory=list)  # of the selected model; [] if there are no tags
    columns: list[ColumnFigures] = field(default_factory=list)  # the same; [] if there are no numbers
    two_classes: TwoClasses | None = None  # of the selected model; None of other labels
    forgetting: list[Forgetting] = field(default_factory=list)  # of old tasks whose data were a source


@dataclass(frozen=True)
class Timing:
    """What something cost here, this time."""

    seconds: float
    peak_megabytes: float  # largest memory of the process meanwhile


@dataclass(frozen=True)
class Timings(Record):
    """What would differ in a second run."""

    machine: str
    total_seconds: float
    steps: dict[str, Timing] = field(default_factory=dict)  # by candidate name, "test", "report", ...
    forward: str = ""  # engines that were tried for the frozen forward, with ms a row, the chosen one first


SPEC = Study(
    name="adapt",
    summary="Turn a pretrained backbone and labelled data into a model and an honest report.",
    examples=("headstart adapt photos/", "headstart adapt houses.csv --label-column price --metric mae"),
    group=START,
    inputs=(
        BACKBONE,
        DATA,
        optional_input(
            name="source",
            help="Labelled data of another task, for methods that learn from both; one or several.",
            several=True,
        ),
        LABEL_FIXES,
    ),
    settings=AdaptSettings,
    record=Result,
    out="run",
    needs_out=True,
    file="result.json",
    page="report.html",
    docs="run-folder.md",
    reads_folder=True,
    peaks=True,
)
