"""Distil a fitted model into smaller ones, and test what that brings over training them on labels alone.

The teacher is the model of a run; of several runs the probabilities are averaged. Each student learns from
the labels and from what the teacher says (arXiv:1503.02531). Beside it stand, on the same rows and seeds, the
student fine-tuned on labels alone, with label smoothing, and trained from scratch. All are tested on rows
that neither the teacher nor a student has learned from: the test part of the teacher's run. Which student is
shipped is chosen on rows that are held apart from both.

Figures of each model: the metric with its interval and the paired difference to the student on labels alone,
the share of rows with the teacher's answer, parameters, bytes, and the time of one row and of 32. The shipped
student is also measured as an int8 ONNX file, where that pays.

Raises:
    BadData: nothing readable, or labels that are not the teacher's.
    BadInput: no such run, its data can't be found again, an unknown student, or a setting out of range.
    CannotWrite: the folder is not empty or can't be written to.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from headstart.records.metric_titles import merit
from headstart.records.record import Interval, Record
from headstart.records.settings import (
    METRIC,
    POSITIVE,
    SECONDS,
    SHARE,
    Rule,
    TrainingSettings,
    one_of,
    option,
    whole,
)
from headstart.studies._spec import MODELS, Figure, Input, Study, StudyRecord, optional_input

TEACHER, ALONE, SMOOTHED, SCRATCH, DISTILLED = "teacher", "alone", "smoothing", "from-scratch", "distilled"
INT8 = "int8"


@dataclass(frozen=True, kw_only=True)
class DistilSettings(TrainingSettings):
    """How `distil` works."""

    kind: ClassVar[str] = "distil"

    method: str = option(
        "Method of distillation, settings after a colon: distillation, feature-distillation, ...",
        "distillation",
    )
    temperature: float | None = option(
        "Of the softmax of both before they are matched, > 0. Default: the method's.", None, POSITIVE
    )
    alpha: float | None = option(
        "Share of the loss of labels, in [0, 1]; the rest is that of the teacher's outputs. Default: the "
        "method's.",
        None,
        Rule(lambda v: 0 <= v <= 1, "in [0, 1]"),
    )
    init: Literal["pretrained", "teacher"] = option(
        "Weights that variants of the teacher's backbone begin with: pretrained, or the teacher's own.",
        "pretrained",
        one_of("pretrained", "teacher"),
    )
    smoothing: float = option(
        "Of the labels, for the student that is trained with label smoothing, in (0, 1).", 0.1, SHARE
    )
    seeds: int = option("Number of trainings of each, with other seeds.", 3, whole(1))
    epochs: int = option("Epochs of each training.", 10, whole(1))
    validation: float = option(
        "Share of the training rows that several students are chosen by and none learns from, in (0, 1).",
        0.15,
        SHARE,
    )
    test: float = option(
        "Share of the rows that is held out for the test, in (0, 1), where the run does not say which.",
        0.2,
        SHARE,
    )
    metric: str | None = option(
        f"Metric that comes first: {METRIC}. Default: that of the teacher's run.", None, metavar="METRIC"
    )
    int8: bool = option("Also measure the shipped student as an int8 ONNX file.", True)
    repeats: int = option("Times that each model is timed; their median counts.", 15, whole(1))
    budget: float | None = option(
        "Seconds (or 90s, 5m, 1h) from the start; a seed of a student is left out if it would end later. "
        "Default: no limit.",
        None,
        SECONDS,
        duration=True,
    )


@dataclass(frozen=True)
class Cost(Record):
    """What a model takes."""

    parameters: int | None  # all None: of a teacher that is no network of headstart's
    bytes: int | None  # of its weights
    seconds: float | None  # for one row, the median
    seconds_of_32: float | None  # for 32 rows at once


@dataclass(frozen=True)
class ComparedModel(Record):
    """One row of the table: a model, or the mean over the seeds of one."""

    student: str  # as it was named; "" of the teacher
    role: str  # "teacher", "alone", "smoothing", "from-scratch", "distilled" or "int8"
    title: str
    seeds: list[int]  # that did not diverge; [] of the teacher
    score: list[float]  # of each seed on the test rows
    figure: Interval  # the mean over them; of one seed over test rows
    gain: Interval | None  # how much better than the same student on labels alone, in pairs; None of that
    agreement: Interval | None  # share of test rows with the teacher's answer; None of it, and of numbers
    cost: Cost


@dataclass(frozen=True)
class StudentAbout(Record):
    """A student."""

    name: str  # as it was asked for, such as "half"
    title: str  # of its backbone, such as "minilm, 3 of 6 blocks"
    chosen_by: Interval | None  # its figure when distilled, on the rows held apart; None if it is alone


@dataclass(frozen=True, kw_only=True)
class Distillation(StudyRecord):
    """A teacher, its students with and without it, and what each takes."""

    main_tables: ClassVar[tuple[str, ...]] = ("rows",)

    task: str  # name of the data
    kind: str  # of the samples: "pictures", "texts", "tables" or "numbers"
    label_kind: str  # "classes", "tags" or "numbers"
    teachers: list[str]  # names of the runs
    classes: list[str]  # classes, tags or columns
    train_rows: int
    selection_rows: int  # that students were chosen by; 0 if there is one
    test_rows: int
    unlabelled_rows: int
    metric: str
    method: str  # of distillation, with its settings
    threads: int  # of the processor, when times were measured
    students: list[StudentAbout]
    rows: list[ComparedModel]
    shipped: str  # name of the student in `model`, the first seed's

    def row(self, student: str, role: str) -> ComparedModel | None:
        """The row of a student in a role; None if there is none."""
        return next((one for one in self.rows if (one.student, one.role) == (student, role)), None)

    @property
    def teacher(self) -> ComparedModel:
        """The row of the teacher."""
        return next(one for one in self.rows if one.role == TEACHER)

    @property
    def best(self) -> ComparedModel:
        """The row of the student that is shipped."""
        found = self.row(self.shipped, DISTILLED)
        assert found is not None
        return found

    @property
    def figure(self) -> Figure | None:
        """That of the student that is shipped."""
        return Figure(self.metric, self.best.figure.value, self.best.figure)

    def helps(self, row: ComparedModel) -> bool:
        """Whether a distilled student is better on average than the same one on labels alone."""
        alone = self.row(row.student, ALONE)
        if alone is None:
            return False
        return merit(self.metric, row.figure.value) > merit(self.metric, alone.figure.value)


SPEC = Study(
    name="distil",
    summary="Distil a run's model into a smaller one: how good, how large and how fast with and without?",
    examples=(
        "headstart distil runs/photos",
        "headstart distil runs/photos photos/ --student half --student blocks=6",
        "headstart distil runs/photos photos/ --student timm:resnet18 --unlabelled new/",
    ),
    group=MODELS,
    inputs=(
        Input(
            name="run",
            help="Run whose model is the teacher; in Python a predictor, or a fitted estimator of "
            "scikit-learn, too.",
            kind="value",
            hint=Path,
        ),
        Input(
            name="data",
            help="Labelled data, as `hs.data.load` takes them. Left out, those of the run.",
            kind="value",
            required=False,
            positional=True,
            default=None,
        ),
        optional_input(
            name="students",
            flag="student",
            help="Student: half, quarter or blocks=N of the teacher's backbone; hidden=N for a table; or a "
            "backbone, as for adapt; repeatable. Default: half and quarter, or a small network for a table.",
            kind="value",
            several=True,
            metavar="NAME",
            digested=False,  # the settings of what they make are in the steps
        ),
        optional_input(
            name="teachers",
            flag="teacher",
            help="Further run whose model teaches, too: probabilities are averaged; repeatable.",
            kind="value",
            several=True,
            hint=Path,
            metavar="RUN",
            digested=False,
        ),
        optional_input(
            name="unlabelled",
            help="Rows without labels, which the students learn from by the teacher alone.",
            kind="value",
            metavar="DATA",
        ),
    ),
    settings=DistilSettings,
    record=Distillation,
    needs_out=True,
)
