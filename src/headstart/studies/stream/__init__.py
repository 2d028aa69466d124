"""Label a stream of files with a model that adapts to it: each batch is predicted before it is learned from.

The method, the source model and, where the model has normalisation layers, Norm predict the same batches.
Guards watch the method that adapts. Labels, where they are named, are read for the accuracy alone; no method
sees one. `hs.stream` is the same as a live object, `hs.prequential` the same for arrays and several methods.

Raises:
    BadInput: no such folder, or a method that takes no streams; on resuming, another study's folder.
    BadData: nothing readable, or classes that the model does not know.
    Mismatch: the state that is loaded is that of another stream.
    CannotWrite: the folder is not empty or can't be written to.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from headstart.records.record import Interval, Record
from headstart.records.settings import StudySettings, option, whole
from headstart.studies._spec import SHIFT, Input, Study, StudyRecord

POINTS = 200  # of a curve, at most


@dataclass(frozen=True, kw_only=True)
class StreamSettings(StudySettings):
    """How `stream` works."""

    kind: ClassVar[str] = "stream"

    method: str = option("How it adapts; settings after a colon: tent:lr=1e-4.", "tent")
    guards: bool = option("Watch the classes answered, the confidence and the drift, and go back.", True)
    batch: int = option("Rows that come at once.", 64, whole(1))
    labels: bool = option(
        "FOLDER has class folders, or the file an array y: tell the accuracy. No method sees a label.", False
    )
    shuffle: bool = option("Take the files in random order instead of by name.", False)
    seed: int = option("Random seed.", 0)


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


@dataclass(frozen=True, kw_only=True)
class Prequential(StudyRecord):
    """Contenders on the same stream, side by side."""

    task: str  # name of the data
    classes: list[str]
    rows: int
    batch: int  # rows that come at once
    segments: list[str]  # parts of the stream, in their order
    contenders: list[Contender]  # first those that adapt
    guards: list[str]
    labelled: bool = True  # whether accuracy is known; the labels are read for it and by nobody else

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


def _file(name: str, text: str) -> Input:
    return Input(
        name=name,
        help=text,
        kind="value",
        hint=Path,
        required=False,
        option=True,
        default=None,
        digested=False,
    )


SPEC = Study(
    name="stream",
    summary="Label a stream of files with a model that adapts to it as it goes, without labels.",
    group=SHIFT,
    function="",
    inputs=(
        Input(name="run", help="A run folder, or the model folder in it.", kind="model", hint=Path),
        Input(
            name="folder",
            help="A folder of pictures at any depth, in the order of their names; or an .npz or .npy file, a "
            "file with a text a line, or a table, as the model takes them.",
            kind="value",
            hint=Path,
        ),
        _file("save", "Write the state of the stream at the end to this file."),
        _file("load", "Continue from a state that --save wrote."),
    ),
    settings=StreamSettings,
    record=Prequential,
    columns=False,
    predicts=True,
)
