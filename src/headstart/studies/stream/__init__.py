"""Label a stream of files with a model that adapts to it: each batch is predicted before it is learned from.

The method, the source model and, where the model has normalisation layers, Norm predict the same batches.
The method adapts where rows differ from those that the model was trained on, else the source model answers;
guards watch it. With `labels` these are read for the accuracy alone; no method sees one.
`hs.stream` is the same as a live object, `hs.prequential` the same for arrays and several methods.

Raises:
    BadInput: no such folder, or a method that takes no streams; on resuming, another study's folder.
    BadData: nothing readable, or classes that the model lacks.
    Mismatch: the state that is loaded is that of another stream.
    CannotWrite: the folder is not empty or can't be written to.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

from headstart.records.record import Interval
from headstart.records.settings import StudySettings, option, whole
from headstart.records.stream_events import Event as Event
from headstart.studies._spec import SHIFT, Figure, Input, Study, StudyRecord, optional_input

POINTS = 200  # of a curve, at most


@dataclass(frozen=True, kw_only=True)
class StreamSettings(StudySettings):
    """How `stream` works."""

    kind: ClassVar[str] = "stream"

    method: str = option("Method of adaptation, with settings after a colon: tent:lr=1e-4.", "tent")
    guards: bool = option("Watch predicted classes, confidence and drift, and reset if they go wrong.", True)
    protect: bool = option(
        "Adapt only where rows differ from training rows and it goes well; else the source model answers.",
        True,
    )
    batch: int = option("Batch size.", 64, whole(1))
    labels: bool = option(
        "FOLDER has class folders, or the file an array y: measure the accuracy. No method sees a label.",
        False,
    )
    shuffle: bool = option("Take the files in random order instead of by name.", False)
    seed: int = option("Random seed.", 0)


@dataclass(frozen=True)
class StreamPoint:
    """A method after so many rows."""

    rows: int
    accuracy: float | None  # of all rows so far; None without labels
    recent: float | None  # of the rows since the last point
    confidence: float  # mean probability of the predicted classes, of the rows since the last point


@dataclass(frozen=True)
class SegmentScore:
    """A method on one part of the stream."""

    segment: str
    rows: int
    accuracy: Interval | None  # None without labels
    top_class: str  # that was predicted most often
    top_share: float  # of the rows


@dataclass(frozen=True)
class StreamMethod:
    """A method on the whole stream, each batch predicted before it was learned from."""

    name: str  # such as "tent:lr=0.01"; "source": the model as it was given
    title: str
    adapts: bool  # False: it is only there to be compared with
    accuracy: Interval | None
    gains: dict[str, Interval]  # accuracy less that of those that it is compared with, by their name
    segments: list[SegmentScore]
    curve: list[StreamPoint]
    events: list[Event]  # the last 1000 at most
    resets: int
    stopped: bool
    adapted: int = 0  # batches that the adapted model answered; these four are 0 without protection
    usual: int = 0  # that the source model answered, as their rows were like those it was trained on
    doubted: int = 0  # that the source model answered, as the adapted answers were worse
    unjudged: int = 0  # that the source model answered, as no statistics tell rows of another kind


@dataclass(frozen=True, kw_only=True)
class Prequential(StudyRecord):
    """Methods on the same stream, side by side."""

    task: str  # name of the data
    classes: list[str]
    rows: int
    batch: int  # rows that come at once
    segments: list[str]  # parts of the stream, in their order
    methods: list[StreamMethod]  # first those that adapt
    guards: list[str]
    labelled: bool = True  # whether accuracy was measured; the labels are read for it and by nobody else

    def method(self, name: str) -> StreamMethod:
        """The method of that name; KeyError if there is none."""
        return {method.name: method for method in self.methods}[name]

    def table(self) -> str:
        """The accuracy on each part of the stream as plain text."""
        rows = [["", *self.segments, "all"]]
        for method in self.methods:
            figures = [*(segment.accuracy for segment in method.segments), method.accuracy]
            rows.append([method.title, *("-" if f is None else f"{100 * f.value:.1f} %" for f in figures)])
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join(
            "  ".join((name.ljust(widths[0]), *map(str.rjust, cells, widths[1:]))) for name, *cells in rows
        )

    @property
    def figure(self) -> Figure | None:
        """Of the first method on the whole stream; None without labels."""
        return Figure.of("accuracy", self.methods[0].accuracy) if self.methods else None


_FILE = partial(optional_input, kind="value", hint=Path, digested=False)

SPEC = Study(
    name="stream",
    summary="Label a stream of files with a model that adapts to it as it goes, without labels.",
    examples=("headstart stream run new-photos/ --method tent",),
    group=SHIFT,
    function="",
    inputs=(
        Input(name="run", help="A run folder, or the model folder in it.", kind="model", hint=Path),
        Input(
            name="folder",
            help="A folder of pictures at any depth, in the order of their names; or an .npz or .npy file, a "
            "file or folder of texts, or a table, as the model takes them.",
            kind="value",
            hint=Path,
        ),
        _FILE(name="save", help="Write the state of the stream at the end to this file."),
        _FILE(name="load", help="Continue from a state that --save wrote."),
    ),
    settings=StreamSettings,
    record=Prequential,
    schema=4,
    without=(
        "path_column",
        "label_column",
        "task",
        "group_column",
        "split_column",
        "attribute_column",
        "categorical",
        "beside",
        "keep",
        "per_class",
        "window",
    ),
    predicts=True,
)
