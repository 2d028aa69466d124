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

from dataclasses import dataclass, field
from typing import Any

from headstart.records.outputs import ColumnFigures as ColumnFigures
from headstart.records.outputs import Mistake as Mistake
from headstart.records.outputs import TagFigures as TagFigures
from headstart.records.record import Bin, Interval, Record, Scores
from headstart.records.two_classes import TwoClasses
from headstart.studies._spec import (
    BACKBONE,
    DATA,
    LABEL_FIXES,
    START,
    Figure,
    Study,
    StudyRecord,
    optional_input,
)
from headstart.studies.adapt.settings import AdaptSettings as AdaptSettings


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
    added_bytes: int = 0  # that a task adds to the untouched backbone; 0: not known, or nothing is taken over


@dataclass(frozen=True)
class Tested(Record):
    """A model scored once on the held-out test part."""

    # "selected", "real-rows", "from-scratch", "majority-class", "raw-pixels", "word-counts", "columns"
    name: str
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
    generated_rows: int = 0  # that were learned from beside the training part; 0: none
    generated_weight: float = 1.0  # of each, where a real row has 1
    larger_budget: float = 0.0  # seconds with room for what was left out, about; 0: not known, or nothing was

    @property
    def figure(self) -> Figure | None:
        """The main figure of the selected model on the test part."""
        scores = self.tested[0].scores if self.tested else None
        return None if scores is None else Figure.of(scores.main, scores.main_figure)


@dataclass(frozen=True)
class Timing:
    """What something cost here, this time."""

    seconds: float
    peak_megabytes: float  # largest memory of the process meanwhile


@dataclass(frozen=True)
class Timings(Record):
    """What would differ in a second run."""

    machine: str
    total_seconds: float  # of all sittings
    steps: dict[str, Timing] = field(default_factory=dict)  # by candidate name, "test", "report", ...
    forward: str = ""  # engines that were tried for the frozen forward, with ms a row, the chosen one first
    earlier_seconds: float = 0.0  # of the total, what steps of earlier sittings took


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
        optional_input(
            name="augment_with",
            help="Generated rows that join the training part alone: a folder of `headstart generate`, or "
            "labelled data of the same classes.",
            kind="value",
            metavar="DATA",
        ),
        optional_input(
            name="guides",
            help="Guides of the backbone's weights, each of which takes that share of its updates: the "
            "folder or the file of `headstart scouts`.",
            kind="value",
            metavar="FOLDER",
        ),
    ),
    settings=AdaptSettings,
    record=Result,
    needs_out=True,
    file="result.json",
    page="report.html",
    docs="run-folder.md",
    resumed=("budget", "quality", "keep_files", "onnx"),
    reads_folder=True,
    peaks=True,
)
