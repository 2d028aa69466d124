"""What a run of `adapt` writes down: `result.json`, schema 1, and `timings.json` beside it.

These records are plain data and know nothing of torch, so that a report can be made anywhere.
`result.json` is a function of the data, the settings and the seed: the same run gives the same
bytes, however often it was interrupted. What a second run would not repeat (seconds, memory)
is in `timings.json`.
"""

import json
import types
import typing
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Self

SCHEMA = 1


class Record:
    """A dataclass that is written to and read from JSON."""

    def to_json(self) -> str:
        """Indented JSON with a newline at the end; floats keep their shortest exact form.

        File names that are no text (lone surrogates) are escaped, so that they can be encoded.
        """
        text: str = json.dumps(asdict(self), indent=1, ensure_ascii=False, allow_nan=False) + "\n"  # type: ignore[call-overload]
        return text.encode("utf-8", "backslashreplace").decode()

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """The record in a file; unknown fields are passed over, so newer files can be read."""
        return typing.cast(Self, _build(cls, json.loads(Path(path).read_text("utf-8"))))


@dataclass(frozen=True)
class Interval:
    """A figure with its 95 % interval, all in the figure's own unit."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Scores(Record):
    """How good predictions are; each of n rows counts once."""

    rows: int
    figures: dict[str, Interval]  # by metric, in the order in which they are told; see `study.measures`
    main: str  # the metric that is told first

    def __getitem__(self, metric: str) -> Interval:
        """The figure of one of the metrics."""
        return self.figures[metric]

    @property
    def main_figure(self) -> Interval:
        """That of the main metric; higher is better, and 1 is the best."""
        return self.figures[self.main]


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
    """A model judged once on the held-out test part."""

    name: str  # "selected", "from-scratch", "majority-class", "raw-pixels", "word-counts", "columns"
    title: str
    trained_parameters: int
    scores: Scores
    gain: Interval | None  # main metric of the selected less this one's, paired bootstrap; None for itself


@dataclass(frozen=True)
class Bin:
    """Predictions of similar confidence; of tags, pairs of a row and a tag by the tag's probability."""

    confidence: float
    accuracy: float  # of tags: the share of the pairs that have the tag
    rows: int


@dataclass(frozen=True)
class Mistake:
    """A row of the test part that was told wrong: a confident error, or a large one."""

    item: str  # file name or row
    picture: str  # file in the run folder, relative; "" if there is none
    truth: str  # such as "cat"; of tags "red" or "not red"; of numbers "price 3.2"
    answer: str
    confidence: float  # that the answer had; 0 of numbers
    text: str = ""  # what was read, if the samples are texts
    error: float | None = None  # of numbers: the answer less the truth, in the units of the column


@dataclass(frozen=True)
class TagFigures:
    """How well one tag is told on the test part; said of a row where its probability is 0.5 or more."""

    name: str
    rows: int  # that have it
    said: int  # rows of which it is said
    average_precision: Interval | None  # None if no row has it
    precision: Interval | None  # share of the rows it is said of that have it; None if it is said of none
    recall: Interval | None  # share of the rows that have it of which it is said; None if no row has it


@dataclass(frozen=True)
class ColumnFigures:
    """How well one column of numbers is told on the test part, in its own units."""

    name: str
    r2: Interval
    rmse: Interval
    mae: Interval
    mean_mae: float  # of always telling the mean of the training part
    truth: list[float]  # of some rows, evenly taken by the true number
    answers: list[float]  # for the same rows
    low: float  # left end of the bars of errors (answer less truth)
    high: float  # right end
    errors: list[int]  # test rows in bars of equal width from `low` to `high`


@dataclass(frozen=True)
class Layer:
    """What a block of the frozen backbone knows: a ridge probe, each row told without having been seen."""

    block: str
    width: int
    score: Interval  # of the main metric


@dataclass(frozen=True)
class SizePoint:
    """How good a method is after training on a few labels a class."""

    method: str
    title: str
    labels_per_class: int  # of tags and numbers: rows in all
    score: list[float]  # one per seed, of the metric of selection


@dataclass(frozen=True)
class Curve:
    """The loss of one training, step by step."""

    method: str
    title: str
    fold: int  # -1: the final training on all of the training part
    steps: list[int]
    losses: list[float]


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
    """What was found in the data before anything was trained."""

    rows: int  # readable
    classes: dict[str, int]  # rows of each class
    findings: list[Finding]


@dataclass(frozen=True)
class Result(Record):
    """All that a report says, and nothing that a second run would not repeat."""

    schema: int
    headstart: str  # version
    command: str
    task: str  # name of the data
    classes: list[str]
    train_rows: int
    test_rows: int
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
    decisions: list[str]  # the precision, where that was a choice; what the budget or the race cut, in order
    confusion: list[list[int]]  # test rows: truth x answer; [] of tags and numbers
    bins: list[Bin]
    mistakes: list[Mistake]
    layers: list[Layer]
    size_curve: list[SizePoint]
    curves: list[Curve]
    settings: dict[str, Any]  # of `adapt`
    seed: int
    versions: dict[str, str]
    kind: str = "pictures"  # what the samples are: "pictures", "texts", "numbers" or "tables"
    label_kind: str = "classes"  # what the labels are: "classes" (one of them), "tags" (any) or "numbers"
    metric: str = "accuracy"  # the main one
    selection: str = "balanced_accuracy"  # that methods were chosen by
    tags: list[TagFigures] = field(default_factory=list)  # of the selected model; [] if there are no tags
    columns: list[ColumnFigures] = field(default_factory=list)  # the same; [] if there are no numbers


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


def _build(kind: Any, value: Any) -> Any:
    """`value` (from JSON) as `kind`: dataclasses, lists, dicts, unions with None, plain values."""
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if is_dataclass(kind) and isinstance(kind, type):
        hints = typing.get_type_hints(kind)
        known = {f.name for f in fields(kind)}
        return kind(**{k: _build(hints[k], v) for k, v in value.items() if k in known})
    if origin is list:
        return [_build(args[0], item) for item in value]
    if origin is dict:
        return {key: _build(args[1], item) for key, item in value.items()}
    if origin in (typing.Union, types.UnionType):
        return None if value is None else _build(next(a for a in args if a is not type(None)), value)
    return value
