"""What a claim said and what was measured: plain data for the page, the docs and the terminal."""

from dataclasses import dataclass, field
from typing import Literal

from headstart.records.record import Interval, Record

Verdict = Literal["holds", "fails", "open"]


@dataclass(frozen=True)
class MeasuredEffect(Record):
    """An effect that a claim rests on: it holds where the whole interval lies above the margin."""

    title: str
    unit: str  # "points": differences of shares, shown times 100; else the unit of the values, "" of none
    above: float  # the margin
    values: list[float]  # one a seed
    mean: Interval  # over the seeds, Student's t
    verdict: Verdict


@dataclass(frozen=True)
class Curve(Record):
    """A line of a panel, from left to right."""

    name: str
    x: list[float]
    y: list[Interval]  # low = high = value where there is no interval
    faint: bool = False  # one of many that belong together: thin, and not in the legend after the first
    dashed: bool = False


@dataclass(frozen=True)
class Mark(Record):
    """A value with its interval, a row of a panel."""

    name: str
    y: Interval
    chosen: bool = False  # what the claim is about


@dataclass(frozen=True)
class Panel(Record):
    """One picture of a claim's figure: either curves over x, or marks in rows."""

    title: str
    y: str  # what is measured and its unit, such as "accuracy"
    x: str = ""  # what curves run over, with its unit
    curves: list[Curve] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    points: list[list[float]] = field(default_factory=list)  # [x, y] of data beneath the curves
    share: bool = True  # whether values are shares, written in percent
    log: bool = False  # whether x runs over equal factors
    zero: float | None = None  # a value of y that a heavier line marks, such as 0 or chance


@dataclass(frozen=True)
class TestedClaim(Record):
    """A claim, what was measured and the verdict."""

    __test__ = False  # it is no test of pytest's

    name: str
    number: int  # its place in the gallery
    title: str
    statement: str
    paper: str
    data: str
    compared: str
    rule: str  # of the verdict, as it was fixed before
    null: str  # what the control without the cause is
    verdict: Verdict
    meaning: str  # what to do with it
    effects: list[MeasuredEffect]
    panels: list[Panel]
    seeds: int
    seconds: float  # of all seeds together, on one core
    command: str
