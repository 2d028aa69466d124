"""Prequential evaluation: each batch is predicted before it is learned from; no method sees a label."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

import headstart
from headstart.core import BadData, BadInput, Method
from headstart.core.tokens import filled_up
from headstart.data.streams import Segment
from headstart.metrics.intervals import share, share_difference
from headstart.records.record import Interval, typed_command, versions
from headstart.run.recipe import Recipe
from headstart.streaming.guards import DEFAULT, describe
from headstart.streaming.inputs import ModelLike, as_predictor, as_tensor, read_groups, read_labels
from headstart.streaming.protected import about_no_statistics
from headstart.streaming.stream_model import Stream, stream
from headstart.studies.stream import POINTS, SPEC, Prequential, SegmentScore, StreamMethod, StreamPoint

SOURCE = "source"
FEW = 20  # batches, from which on whole batches count as independent
Labels = NDArray[np.int64]


def prequential(
    methods: Method[Any] | str | Sequence[Method[Any] | str],
    model: ModelLike,
    segments: Sequence[Segment],
    *,
    compare: Sequence[Method[Any] | str] = (SOURCE, "norm"),
    batch: int = 64,
    seed: int = 0,
    **options: Any,
) -> Prequential:
    """Evaluate methods on one stream, beside the source model and others, all on the same batches.

    Every batch is predicted before anything is learned from it. Labels serve for the scores alone; no method
    is given any. Batches go across the borders of the segments, which no method knows.

    Args:
        methods: that adapt, or their names with settings; guards watch them.
        model: as for `stream`.
        segments: the parts of the stream in their order; see `headstart.data.streams`.
        compare: "source" is the model as it was given; others are methods without guards and protection.
        batch: batch size, >= 1.
        seed: random seed of the methods.
        **options: `guards`, `protect`, `recipe`, `source`, `engine`, as for `stream`.

    Returns:
        The record: accuracy of each method over each segment and over all with 95 % intervals, the paired
        difference from each that it is compared with, curves of at most 200 points, and what guards did.

    Raises:
        BadInput: no method, two methods of the same name, or a setting out of range.
        BadData: there are no rows, or labels that fit neither the samples nor the model; they are matched by
            name with its classes.
    """
    if batch < 1:
        raise BadInput(f"batch is {batch}; it must be a whole number >= 1.")
    if not all(isinstance(segment, Segment) for segment in segments):
        given: object = segments
        what = repr(given) if isinstance(given, str) else f"a {type(given).__name__}"
        raise BadInput(f"segments is {what}; it must be a list of parts as hs.data.streams makes them.")
    adapting = [methods] if isinstance(methods, str | Method) else list(methods)
    evaluation = PrequentialEvaluation(adapting, model, segments, compare, seed, options)
    for x, numbers in evaluation.batches(batch):
        evaluation.add(x, numbers)
    return Prequential(
        schema=SPEC.schema,
        headstart=headstart.__version__,
        command=typed_command(),
        settings={"study": "stream", "batch": batch, "seed": seed},
        seed=seed,
        versions=versions(),
        notes=evaluation.notes,
        **evaluation.fields(batch),
    )


@dataclass
class Entry:
    """A method in the evaluation, or the source model, which has no stream."""

    name: str
    title: str
    adapts: bool
    stream: Stream | None
    score: "PrequentialScore"


class PrequentialEvaluation:
    """Methods that predict and learn from the same batches; in `entries` first those that adapt."""

    def __init__(
        self,
        methods: Sequence[Method[Any] | str],
        model: ModelLike,
        segments: Sequence[Segment],
        compare: Sequence[Method[Any] | str],
        seed: int,
        options: dict[str, Any],
    ) -> None:
        self.reader, self.segments = as_predictor(model), segments
        self.guards = options.get("guards", "default")
        self.rows, self._groups = sum(len(segment.x) for segment in segments), read_groups(segments)
        recipe = options.get("recipe") or Recipe(lr=1e-3, weight_decay=0.0, clip=None, seed=seed)
        options = {**options, "recipe": recipe}
        self.entries = [self._entry(method, options, adapts=True) for method in methods]
        bare = {"guards": (), "protect": False}
        self.entries += [self._entry(method, options | bare, adapts=False) for method in compare]
        names = [entry.name for entry in self.entries]
        if not methods or len(set(names)) < len(names):
            raise BadInput(f"Methods need names of their own, and one at least adapts; here: {names}.")
        if not self.rows:
            raise BadData("There are no rows in this stream. Give segments with samples.")
        self._labels = read_labels(segments, self.reader)

    def batches(self, batch: int, first: int = 0) -> Iterator[tuple[Tensor, Labels]]:
        """Batches as the model takes them from row `first` on, with the number of the segment of each row."""
        sizes = [len(segment.x) for segment in self.segments]
        owners, begins = np.repeat(np.arange(len(sizes)), sizes), np.cumsum([0, *sizes])
        for start in range(first, self.rows, batch):
            numbers = owners[start : start + batch]
            pieces = []
            for number in np.unique(numbers):
                low = max(start - int(begins[number]), 0)
                high = min(start + batch - int(begins[number]), sizes[number])
                pieces.append(as_tensor(self.segments[number].x[low:high], self.reader))
            yield _join(pieces), numbers

    def add(self, x: Tensor, numbers: Labels) -> list[Tensor]:
        """Let all methods predict a batch, and score them: logits (n, classes) of each."""
        source = next(entry.stream for entry in self.entries if entry.stream is not None)
        outputs = [
            source.source(x) if entry.stream is None else entry.stream(x).outputs for entry in self.entries
        ]
        self.score(outputs, numbers)
        return outputs

    def score(self, outputs: Sequence[Tensor], numbers: Labels) -> None:
        """Score what all methods predicted for the next batch: logits (n, classes) of each."""
        done = self.entries[0].score.rows
        labels = None if self._labels is None else self._labels[done : done + len(numbers)]
        for entry, own in zip(self.entries, outputs, strict=True):
            entry.score.add(own, numbers, labels)

    def fields(self, batch: int, task: str = "stream") -> dict[str, Any]:
        """The record's own fields, after the batches so far."""
        return {
            "task": task,
            "classes": list(self.reader.classes),
            "rows": self.entries[0].score.rows,
            "batch": batch,
            "segments": [segment.name for segment in self.segments],
            "methods": [self._result(entry) for entry in self.entries],
            "guards": [describe(guard) for guard in (DEFAULT if self.guards == "default" else self.guards)],
            "labelled": self._labels is not None,
        }

    @property
    def notes(self) -> list[str]:
        """What to keep in mind: that nothing could adapt."""
        streams = [entry.stream for entry in self.entries if entry.stream is not None]
        unknown = any(own.protect and not own.can_adapt for own in streams)
        return [about_no_statistics(self.reader.model)] if unknown else []

    def _entry(self, method: Method[Any] | str, options: dict[str, Any], adapts: bool) -> Entry:
        names = [segment.name for segment in self.segments]
        score = PrequentialScore(names, self.reader.classes, self.rows, self._groups)
        if method == SOURCE:
            if adapts:
                raise BadInput("source does not adapt; name it in compare.")
            return Entry(SOURCE, "Source model", False, None, score)
        own = stream(method, self.reader, **options)
        return Entry(own.method.label, own.method.title, adapts, own, score)

    def _result(self, entry: Entry) -> StreamMethod:
        compared = entry.adapts and self._labels is not None
        others = [other for other in self.entries if compared and not other.adapts]
        own = entry.stream
        return StreamMethod(
            name=entry.name,
            title=entry.title,
            adapts=entry.adapts,
            accuracy=entry.score.accuracy(),
            gains={other.name: entry.score.gain(other.score) for other in others},
            segments=entry.score.parts(),
            curve=entry.score.curve(),
            events=own.log if own else [],
            resets=own.resets if own else 0,
            stopped=own.stopped if own else False,
            **(own.batches_by if own else {}),
        )


class PrequentialScore:
    """The score of one method, kept in a few bytes a row.

    Args:
        segments: names of the parts of the stream.
        classes: names of the classes.
        expected: rows of the whole stream.
        groups: (expected,) rows of a group depend on each other; None: independent rows.
    """

    def __init__(
        self, segments: Sequence[str], classes: Sequence[str], expected: int, groups: Labels | None = None
    ) -> None:
        self.segments, self.classes, self.expected, self._groups = segments, classes, expected, groups
        self.rows, self.labelled = 0, True
        self._hits: list[NDArray[np.bool_]] = []  # of the rows of each batch
        self._in: list[Labels] = []  # the segment of each of these rows
        self._predicted = np.zeros((len(segments), len(classes)), np.int64)
        self._points: list[StreamPoint] = []
        self._correct, self._since = 0, [0, 0, 0.0]  # rows, correct ones and confidence since the last point

    def add(self, outputs: Tensor, numbers: Labels, labels: Labels | None) -> None:
        """A batch: logits (n, classes), the segment that each row is in, and the labels (n,), if any."""
        predicted, confidence = outputs.argmax(1).numpy(), float(outputs.softmax(1).amax(1).sum())
        self.labelled = self.labelled and labels is not None
        hit = predicted == labels if labels is not None else np.zeros(len(predicted), np.bool_)
        np.add.at(self._predicted, (numbers, predicted), 1)
        self._hits.append(hit)
        self._in.append(numbers)
        self.rows, self._correct = self.rows + len(hit), self._correct + int(hit.sum())
        rows, correct, sure = self._since
        self._since = [rows + len(hit), correct + int(hit.sum()), sure + confidence]
        if self.rows * POINTS >= self.expected * (len(self._points) + 1) or self.rows >= self.expected:
            self._add_point()

    def accuracy(self) -> Interval | None:
        """Over all rows, with its interval; None without labels."""
        return self._share(np.arange(self.rows)) if self.labelled and self.rows else None

    def parts(self) -> list[SegmentScore]:
        """On each segment of the stream."""
        scores, segment = [], np.concatenate([np.zeros(0, np.int64), *self._in])
        for number, (name, counts) in enumerate(zip(self.segments, self._predicted, strict=True)):
            rows, top = int(counts.sum()), int(counts.argmax())
            accuracy = self._share(np.flatnonzero(segment == number)) if self.labelled and rows else None
            share = int(counts[top]) / max(1, rows)
            scores.append(SegmentScore(name, rows, accuracy, self.classes[top], share))
        return scores

    def curve(self) -> list[StreamPoint]:
        """At most 200 points."""
        if self._since[0] and len(self._points) < POINTS:
            self._add_point()
        return list(self._points)

    def gain(self, baseline: "PrequentialScore") -> Interval:
        """The accuracy less that of a baseline on the same rows, in pairs.

        The rows of a batch were predicted by the same state of the model: from 20 batches on, whole batches
        count as independent, or groups of rows if the interval is wider so.
        """
        batches = np.repeat(np.arange(len(self._hits)), [len(hit) for hit in self._hits])
        units = [self._groups_of(np.arange(self.rows)), *([batches] if len(self._hits) >= FEW else [])]
        pair = np.concatenate(self._hits), np.concatenate(baseline._hits)  # of the same class
        intervals = [share_difference(*pair, groups) for groups in units]
        return Interval(*max(intervals, key=lambda each: each.high - each.low))

    def _share(self, rows: Labels) -> Interval:
        return Interval(*share(np.concatenate(self._hits)[rows], self._groups_of(rows)))

    def _groups_of(self, rows: Labels) -> Labels | None:
        return None if self._groups is None else self._groups[rows]

    def _add_point(self) -> None:
        rows, correct, confidence = self._since
        accuracy = self._correct / self.rows if self.labelled else None
        recent = correct / rows if self.labelled else None
        self._points.append(StreamPoint(self.rows, accuracy, recent, confidence / rows))
        self._since = [0, 0, 0.0]


def _join(pieces: list[Tensor]) -> Tensor:
    """One batch; texts are filled up to the longest."""
    if len(pieces) == 1:
        return pieces[0]
    if len({piece.shape[1:] for piece in pieces}) > 1 and all(piece.ndim == 2 for piece in pieces):
        return filled_up([row.numpy() for piece in pieces for row in piece])
    return torch.cat(pieces)
