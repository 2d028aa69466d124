"""Measure how a target differs from a source, without labels of the target.

A classifier tries to separate target rows from source rows (AUC, proxy A-distance), a kernel test asks
whether chance explains the difference (MMD), single quantities are tested one by one, the shares of the
target's classes are estimated (BBSE), and for each target row it is checked whether the source has rows
there. A verdict in plain words follows from these figures, and commands to go on with.

The source may lack labels; those of the target are dropped before anything is computed. Without a
backbone, features are those of the built-in one for pictures and texts, and of tables and arrays the columns
themselves.

Raises:
    Unknown: an option that does not exist.
    BadData: nothing readable, an empty or one-row target, or other kinds of rows, columns, channels or
        sizes than the source has.
    BadInput: a setting out of range; on resuming, another study's folder.
    CannotWrite: the folder is not empty or can't be written to.
"""

from dataclasses import dataclass
from typing import ClassVar

from headstart.records.record import Interval, Record
from headstart.records.settings import InputSettings, option, whole
from headstart.studies._spec import SHIFT, Figure, Input, Study, StudyRecord

FEWEST = 20  # rows of a domain that may be asked for


@dataclass(frozen=True, kw_only=True)
class ShiftSettings(InputSettings):
    """How `shift` works."""

    kind: ClassVar[str] = "shift"

    rows: int = option(
        "Rows of each domain that are used, at least 20; of more, so many are drawn.", 2000, whole(FEWEST)
    )
    folds: int = option("Folds of the classifier of the two domains, at least 2.", 5, whole(2))


@dataclass(frozen=True)
class Drifted(Record):
    """One quantity in both domains: a column, or a number that describes a picture or a text."""

    name: str
    kind: str  # "numbers"; "dates": days since 1970; "names": categories; "missing": empty cells
    detail: str  # of categories, the one whose share differs most; else ""
    source: float  # mean; of categories the share of that one; of missing cells their share
    target: float
    statistic: float  # in [0, 1]: the largest difference of the distribution functions, or total variation
    p_value: float
    adjusted: float  # for the number of quantities (Benjamini & Hochberg)
    drifted: bool


@dataclass(frozen=True)
class ClassShare(Record):
    """How often a class occurs."""

    name: str
    source: float
    target: Interval  # estimated, if rows of a class look alike in both


@dataclass(frozen=True)
class LabelShift(Record):
    """The shares of the target's classes by black box shift estimation."""

    shares: list[ClassShare]
    accuracy: float  # of the probe on held-out source rows
    condition: float  # by how much errors in the shares of the predictions may be amplified, >= 1
    known: bool  # whether the intervals are narrow enough to be useful
    auc: Interval | None  # of a classifier of the target and source rows with these shares; None: not fitted


@dataclass(frozen=True)
class LeastSimilarRow(Record):
    """A row of the target that the domain classifier is surest of."""

    item: str
    text: str  # of a text or a table
    picture: str  # WebP in base64; "" if it is no picture
    probability: float  # that it is of the target, if both were equally frequent
    inside: bool  # whether it lies where the source has rows


@dataclass(frozen=True, kw_only=True)
class Shift(StudyRecord):
    """How a target differs from a source, without labels of the target."""

    main_tables: ClassVar[tuple[str, ...]] = ("drift",)

    source: str  # name
    target: str
    kind: str  # "pictures", "texts", "tables" or "numbers"
    source_rows: int
    target_rows: int
    source_taken: int  # that were used
    target_taken: int
    features: str  # where they come from: a backbone, or "columns"
    width: int  # features a row
    auc: Interval  # of a classifier of the two domains, on held-out rows
    error: float  # mean of its error rates in the two domains, 0.5 by chance
    distance: float  # proxy A-distance, 0 to 2
    mmd: float  # squared maximum mean discrepancy
    mmd_p: float  # its p-value by permutation
    inside: float  # share of target rows that lie where the source has rows
    expected: float  # what that is without shift, about
    effective: float  # source rows that count alike and are as good as the weighted ones
    drift: list[Drifted]  # the largest difference first
    labels: LabelShift | None  # None: the source has no classes, or too many
    edges: list[float]  # of the bins of the classifier's probability
    source_scores: list[float]  # share of source rows in each bin
    target_scores: list[float]
    unlike: list[LeastSimilarRow]
    copies: int  # target rows that are in the source too
    near_copies: int
    verdict: str  # "none", "slight", "labels", "weights", "partly" or "apart"
    headline: str
    say: list[str]
    next: list[str]  # commands

    @property
    def figure(self) -> Figure | None:
        """How well the two domains are told apart."""
        return Figure.of("auc", self.auc)


SPEC = Study(
    name="shift",
    summary="Measure how a target differs from a source, without labels of the target.",
    examples=("headstart shift photos/ sketches/",),
    group=SHIFT,
    inputs=(
        Input(
            name="source",
            help="What a model is trained on: any data, with labels or without.",
            kind="value",
            option=True,
            either=True,
        ),
        Input(
            name="target",
            help="What it is to be used on: data of the same kind; labels are ignored.",
            kind="value",
            option=True,
            either=True,
        ),
        Input(
            name="backbone",
            help="A frozen backbone whose features are compared: a name, a module or a backbone.",
            kind="backbone",
            required=False,
            option=True,
        ),
    ),
    settings=ShiftSettings,
    record=Shift,
    without=("per_class", "task", "attribute_column"),
)
