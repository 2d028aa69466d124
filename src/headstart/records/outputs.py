"""Figures of single outputs on the test part, and the worst mistakes."""

from dataclasses import dataclass

from headstart.records.record import Interval


@dataclass(frozen=True)
class Mistake:
    """A wrong prediction on the test part: a confident error, or a large one."""

    item: str  # file name or row
    picture: str  # file in the run folder, relative; "" if there is none
    truth: str  # such as "cat"; of tags "red" or "not red"; of numbers "price 3.2"
    answer: str
    confidence: float  # that the answer had; 0 of numbers
    text: str = ""  # what was read, if the samples are texts
    error: float | None = None  # of numbers: the answer less the truth, in the units of the column


@dataclass(frozen=True)
class TagFigures:
    """How well one tag is predicted on the test part: for rows where its probability is 0.5 or more."""

    name: str
    rows: int  # that have it
    said: int  # rows that it is predicted for
    average_precision: Interval | None  # None if no row has it
    precision: Interval | None  # share of the predicted rows that have it; None if there are none
    recall: Interval | None  # share of the rows with it that it is predicted for; None if no row has it


@dataclass(frozen=True)
class ColumnFigures:
    """How well one column of numbers is predicted on the test part, in its own units."""

    name: str
    r2: Interval
    rmse: Interval
    mae: Interval
    mean_mae: float  # of always predicting the mean of the training part
    truth: list[float]  # of some rows, evenly taken by the true number
    answers: list[float]  # for the same rows
    low: float  # left end of the bars of errors (answer less truth)
    high: float  # right end
    errors: list[int]  # test rows in bars of equal width from `low` to `high`
