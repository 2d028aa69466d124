"""What a stream writes down: events, and `stream.json`, schema 1. Plain data; knows nothing of torch."""

from dataclasses import dataclass
from typing import Any

from headstart.records.record import Interval, Record

SCHEMA = 1
POINTS = 200  # of a curve, at most


@dataclass(frozen=True)
class Event(Record):
    """What a guard did."""

    step: int  # batches so far, this one among them
    rows: int  # rows so far, those of this batch among them
    guard: str  # "collapse", "confidence", "drift", "diverged", "schedule", or your own
    value: float | None  # what went beyond the limit; None if it was no number
    limit: float | None
    did: str  # "reset": everything back to the start; "stop": the source model answers from now on


@dataclass(frozen=True)
class Point:
    """How far a contender was after so many rows."""

    rows: int
    accuracy: float | None  # of all rows so far; None without labels
    recent: float | None  # of the rows since the last point
    confidence: float  # mean probability of what was answered, of the rows since the last point


@dataclass(frozen=True)
class OnSegment:
    """A contender on one part of the stream."""

    segment: str
    rows: int
    accuracy: Interval | None  # None without labels
    top_class: str  # that was answered most often
    top_share: float  # of the rows


@dataclass(frozen=True)
class Contender:
    """A method on the whole stream, each batch predicted before it was learned from."""

    name: str  # such as "tent:lr=0.01"; "source": the model as it was given
    title: str
    adapts: bool  # False: it is only there to be compared with
    accuracy: Interval | None
    gains: dict[str, Interval]  # accuracy less that of those that it is compared with, by their name
    segments: list[OnSegment]
    curve: list[Point]
    events: list[Event]  # the last 1000 at most
    resets: int
    stopped: bool


@dataclass(frozen=True)
class Prequential(Record):
    """Contenders on the same stream, side by side."""

    schema: int
    headstart: str  # version
    command: str
    task: str  # name of the data
    classes: list[str]
    rows: int
    batch: int  # rows that come at once
    segments: list[str]  # parts of the stream, in their order
    contenders: list[Contender]  # first those that adapt
    guards: list[str]
    notes: list[str]
    settings: dict[str, Any]
    seed: int
    versions: dict[str, str]
    labelled: bool = True  # whether accuracy could be told; the labels are read by nobody else

    def of(self, name: str) -> Contender:
        """The contender of that name; KeyError if there is none."""
        return {one.name: one for one in self.contenders}[name]

    def table(self) -> str:
        """The accuracy on each part of the stream as plain text."""
        rows = [["", *self.segments, "all"]]
        for one in self.contenders:
            figures = [*(part.accuracy for part in one.segments), one.accuracy]
            rows.append([one.title, *map(_share, figures)])
        first, *others = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = (
            [name.ljust(first), *(cell.rjust(wide) for cell, wide in zip(cells, others, strict=True))]
            for name, *cells in rows
        )
        return "\n".join("  ".join(line) for line in lines)


def _share(figure: Interval | None) -> str:
    return "-" if figure is None else f"{100 * figure.value:.1f} %"
