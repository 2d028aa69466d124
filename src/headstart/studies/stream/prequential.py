"""Prequential evaluation: each batch is predicted before it is learned from; no method sees a label."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

import headstart
from headstart.core import BadData, BadInput, Method, derive_seed
from headstart.core.tokens import filled_up
from headstart.data.streams import Segment
from headstart.metrics.intervals import bootstrap, wilson
from headstart.records.record import Interval, typed_command, versions
from headstart.run.recipe import Recipe
from headstart.studies.stream import POINTS, SPEC, Prequential, SegmentScore, StreamMethod, StreamPoint
from headstart.studies.stream.guards import DEFAULT
from headstart.studies.stream.inputs import ModelLike, as_predictor, as_tensor, read_labels
from headstart.studies.stream.stream_model import Stream, stream

SOURCE = "source"
FEW = 20  # batches, from which on the bootstrap resamples whole batches
Labels = NDArray[np.int64]
Floats = NDArray[np.float64]


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
        compare: "source" is the model as it was given; others are methods without guards.
        batch: batch size, >= 1.
        seed: random seed of the methods and of the intervals.
        **options: `guards`, `recipe`, `source`, `engine`, as for `stream`.

    Returns:
        The record: accuracy of each method over each segment and over all with 95 % intervals, the paired
        difference from each that it is compared with, curves of at most 200 points, and what guards did.

    Raises:
        BadInput: no method, two methods of the same name, or a setting out of range.
        BadData: there are no rows, or labels that fit neither the samples nor the model.
    """
    if batch < 1:
        raise BadInput(f"batch is {batch}; it must be a whole number >= 1.")
    if not all(hasattr(segment, "x") for segment in segments):
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
        notes=[],
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
        self.reader, self.segments, self.seed = as_predictor(model), segments, seed
        self.guards = options.get("guards", "default")
        self.rows = sum(len(segment.x) for segment in segments)
        recipe = options.get("recipe") or Recipe(lr=1e-3, weight_decay=0.0, clip=None, seed=seed)
        options = {**options, "recipe": recipe}
        self.entries = [self._entry(method, options, adapts=True) for method in methods]
        self.entries += [self._entry(method, options | {"guards": ()}, adapts=False) for method in compare]
        names = [entry.name for entry in self.entries]
        if not methods or len(set(names)) < len(names):
            raise BadInput(f"Methods need names of their own, and one at least adapts; here: {names}.")
        if not self.rows:
            raise BadData("There are no rows in this stream. Give segments with samples.")
        self._labels = read_labels(segments, len(self.reader.classes))

    def batches(self, batch: int) -> Iterator[tuple[Tensor, Labels]]:
        """Batches as the model takes them, with the number of the segment of each row."""
        sizes = [len(segment.x) for segment in self.segments]
        owners, begins = np.repeat(np.arange(len(sizes)), sizes), np.cumsum([0, *sizes])
        for start in range(0, self.rows, batch):
            numbers = owners[start : start + batch]
            pieces = []
            for number in np.unique(numbers):
                low = max(start - int(begins[number]), 0)
                high = min(start + batch - int(begins[number]), sizes[number])
                pieces.append(as_tensor(self.segments[number].x[low:high], self.reader))
            yield _join(pieces), numbers

    def add(self, x: Tensor, numbers: Labels) -> list[Tensor]:
        """Let all methods predict a batch, and score them: logits (n, classes) of each."""
        done = self.entries[0].score.rows
        labels = None if self._labels is None else self._labels[done : done + len(x)]
        source = next(entry.stream for entry in self.entries if entry.stream is not None)
        batch_outputs = []
        for entry in self.entries:
            outputs = source.source(x) if entry.stream is None else entry.stream(x).outputs
            entry.score.add(outputs, numbers, labels)
            batch_outputs.append(outputs)
        return batch_outputs

    def fields(self, batch: int, task: str = "stream") -> dict[str, Any]:
        """The record's own fields, after the batches so far."""
        return {
            "task": task,
            "classes": list(self.reader.classes),
            "rows": self.entries[0].score.rows,
            "batch": batch,
            "segments": [segment.name for segment in self.segments],
            "methods": [self._result(entry) for entry in self.entries],
            "guards": [repr(guard) for guard in (DEFAULT if self.guards == "default" else self.guards)],
            "labelled": self._labels is not None,
        }

    def _entry(self, method: Method[Any] | str, options: dict[str, Any], adapts: bool) -> Entry:
        names = [segment.name for segment in self.segments]
        score = PrequentialScore(names, self.reader.classes, self.rows)
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
            gains={other.name: gain(entry.score, other.score, self.seed) for other in others},
            segments=entry.score.parts(),
            curve=entry.score.curve(),
            events=own.log if own else [],
            resets=own.resets if own else 0,
            stopped=own.stopped if own else False,
        )


class PrequentialScore:
    """The score of one method, kept in a few bytes a batch."""

    def __init__(self, segments: Sequence[str], classes: Sequence[str], expected: int) -> None:
        self.segments, self.classes, self.expected = segments, classes, expected
        self.rows, self.labelled = 0, True
        self._sizes: list[int] = []  # of batches
        self._correct: list[int] = []  # in each batch
        self._predicted = np.zeros((len(segments), len(classes)), np.int64)
        self._correct_in = np.zeros(len(segments), np.int64)
        self._points: list[StreamPoint] = []
        self._since = [0, 0, 0.0]  # rows, correct ones and confidence since the last point
        self._hits: list[NDArray[np.bool_]] = []  # row by row, while batches are few

    def add(self, outputs: Tensor, numbers: Labels, labels: Labels | None) -> None:
        """A batch: logits (n, classes), the segment that each row is in, and the labels (n,), if any."""
        predicted, confidence = outputs.argmax(1).numpy(), float(outputs.softmax(1).amax(1).sum())
        self.labelled = self.labelled and labels is not None
        hit = predicted == labels if labels is not None else np.zeros(len(predicted), np.bool_)
        np.add.at(self._predicted, (numbers, predicted), 1)
        np.add.at(self._correct_in, numbers, hit)
        self._sizes.append(len(predicted))
        self._correct.append(int(hit.sum()))
        self._hits = [*self._hits, hit] if len(self._sizes) < FEW else []
        self.rows += len(predicted)
        rows, correct, sure = self._since
        self._since = [rows + len(predicted), correct + self._correct[-1], sure + confidence]
        if self.rows * POINTS >= self.expected * (len(self._points) + 1) or self.rows >= self.expected:
            self._add_point()

    def accuracy(self) -> Interval | None:
        """Over all rows, with Wilson's interval."""
        return Interval(*wilson(sum(self._correct), self.rows)) if self.labelled and self.rows else None

    def parts(self) -> list[SegmentScore]:
        """On each segment of the stream."""
        scores = []
        for name, counts, correct in zip(self.segments, self._predicted, self._correct_in, strict=True):
            rows, top = int(counts.sum()), int(counts.argmax())
            accuracy = Interval(*wilson(int(correct), rows)) if self.labelled and rows else None
            share = int(counts[top]) / max(1, rows)
            scores.append(SegmentScore(name, rows, accuracy, self.classes[top], share))
        return scores

    def curve(self) -> list[StreamPoint]:
        """At most 200 points."""
        if self._since[0] and len(self._points) < POINTS:
            self._add_point()
        return list(self._points)

    def hits(self) -> tuple[Floats, Floats]:
        """Correct rows and rows of what is resampled as one: batches, or rows where batches are few."""
        if len(self._sizes) < FEW:
            rows = np.concatenate(self._hits).astype(np.float64)
            return rows, np.ones_like(rows)
        return np.array(self._correct, np.float64), np.array(self._sizes, np.float64)

    def _add_point(self) -> None:
        rows, correct, confidence = self._since
        accuracy = sum(self._correct) / self.rows if self.labelled else None
        recent = correct / rows if self.labelled else None
        self._points.append(StreamPoint(self.rows, accuracy, recent, confidence / rows))
        self._since = [0, 0, 0.0]


def gain(score: PrequentialScore, baseline: PrequentialScore, seed: int) -> Interval:
    """The accuracy less that of a baseline on the same rows, with a paired bootstrap.

    Batches are resampled whole, as the same state of the model predicted the rows of a batch; rows where
    there are fewer than 20 batches.
    """
    (correct, rows), (baseline_correct, _) = score.hits(), baseline.hits()
    more = correct - baseline_correct

    def difference(weights: Floats) -> Floats:
        values: Floats = (weights @ more) / (weights @ rows)
        return values

    return Interval(*bootstrap(difference, len(rows), derive_seed(seed, "stream")))


def _join(pieces: list[Tensor]) -> Tensor:
    """One batch; texts are filled up to the longest."""
    if len(pieces) == 1:
        return pieces[0]
    if len({piece.shape[1:] for piece in pieces}) > 1 and all(piece.ndim == 2 for piece in pieces):
        return filled_up([row.numpy() for piece in pieces for row in piece])
    return torch.cat(pieces)
