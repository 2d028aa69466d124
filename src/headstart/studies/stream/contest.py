"""Prequential evaluation: each batch is predicted before it is learned from; no method sees a label."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

import headstart
from headstart.core import BadData, BadInput, Method
from headstart.core.tokens import filled_up
from headstart.records.record import typed_command, versions
from headstart.run.recipe import Recipe
from headstart.studies.stream import SPEC, Contender, Prequential
from headstart.studies.stream.guards import DEFAULT, Guard
from headstart.studies.stream.inputs import ModelLike, as_predictor, as_tensor
from headstart.studies.stream.score import PrequentialScore, gains
from headstart.studies.stream.stream_model import Stream, stream

SOURCE = "source"
Labels = NDArray[np.int64]


class Part(Protocol):
    """A part of a stream, such as a `headstart.data.streams.Segment`."""

    @property
    def name(self) -> str:
        """Of the part, such as "fog 3"."""
        ...

    @property
    def x(self) -> Any:
        """Samples (n, ...): a tensor, an array, or a sequence of what the predictor takes."""
        ...

    @property
    def y(self) -> Labels | None:
        """(n,) numbers of classes; None if they are not known."""
        ...


@dataclass
class Entry:
    """Who takes part: a stream, or None for the source model."""

    name: str
    title: str
    adapts: bool
    stream: Stream | None
    score: PrequentialScore


def prequential(
    methods: Method[Any] | str | Sequence[Method[Any] | str],
    model: ModelLike,
    segments: Sequence[Part],
    *,
    compare: Sequence[Method[Any] | str] = (SOURCE, "norm"),
    batch: int = 64,
    seed: int = 0,
    **how: Any,
) -> Prequential:
    """Methods on one stream, beside the source model and others, all on the same batches.

    Every batch is answered before anything is learned from it. Labels are read by the judge alone; no method
    is given any. Batches go across the borders of the parts, which no method knows.

    Args:
        methods: that adapt, or their names with settings; guards watch them.
        model: as for `stream`.
        segments: the parts of the stream in their order; see `headstart.data.streams`.
        compare: "source" is the model as it was given; others are methods without guards.
        batch: rows that come at once, >= 1.
        seed: of all that is random, in the methods and in the intervals.
        **how: `guards`, `recipe`, `source`, `engine`, as for `stream`.

    Returns:
        The record: accuracy of each contender over each part and over all with 95 % intervals, the paired
        difference from each that it is compared with, curves of at most 200 points, and what guards did.

    Raises:
        BadInput: no method, two contenders of the same name, or a setting out of range.
        BadData: there are no rows, or labels that fit neither the samples nor the model.
    """
    if batch < 1:
        raise BadInput(f"batch is {batch}; it must be a whole number >= 1.")
    contest = Contest(_listed(methods), model, segments, compare, seed, how)
    for x, numbers in contest.batches(batch):
        contest.feed(x, numbers)
    return Prequential(
        schema=SPEC.schema,
        headstart=headstart.__version__,
        command=typed_command(),
        settings={"study": "stream", "batch": batch, "seed": seed},
        seed=seed,
        versions=versions(),
        notes=[],
        **contest.fields(batch),
    )


class Contest:
    """Contenders that are fed with the same batches.

    Attributes:
        entries: the contenders, first those that adapt.
        segments: of the stream.
        reader: reads samples.
    """

    def __init__(
        self,
        methods: Sequence[Method[Any] | str],
        model: ModelLike,
        segments: Sequence[Part],
        compare: Sequence[Method[Any] | str],
        seed: int,
        how: dict[str, Any],
    ) -> None:
        self.reader = as_predictor(model)
        self.segments, self.seed, self.how = segments, seed, how
        recipe = how.get("recipe") or Recipe(lr=1e-3, weight_decay=0.0, clip=None, seed=seed)
        more = {**how, "recipe": recipe}
        self.entries = [self._entry(method, more, True) for method in methods]
        self.entries += [self._entry(method, {**more, "guards": ()}, False) for method in compare]
        names = [one.name for one in self.entries]
        if not methods or len(set(names)) < len(names):
            raise BadInput(f"Contenders need names of their own, and one at least adapts; here: {names}.")
        self.rows = sum(len(part.x) for part in segments)
        if not self.rows:
            raise BadData("There are no rows in this stream. Give segments with samples.")
        self._labels = self._checked()

    @property
    def labelled(self) -> bool:
        """Whether accuracy can be told."""
        return self._labels is not None

    def batches(self, batch: int) -> Iterator[tuple[Tensor, Labels]]:
        """Batches as the model takes them, with the number of the part of each row."""
        owners = np.repeat(np.arange(len(self.segments)), [len(part.x) for part in self.segments])
        begins = np.cumsum([0, *(len(part.x) for part in self.segments)])
        for start in range(0, self.rows, batch):
            mine = owners[start : start + batch]
            pieces = []
            for number in np.unique(mine):
                low = max(start, int(begins[number])) - int(begins[number])
                high = min(start + batch, int(begins[number + 1])) - int(begins[number])
                pieces.append(as_tensor(self.segments[number].x[low:high], self.reader))
            yield _joined(pieces), mine

    def feed(self, x: Tensor, numbers: Labels) -> list[Tensor]:
        """Let all contenders answer a batch, and judge them: logits (n, classes) of each."""
        done = self.entries[0].score.rows
        truth = None if self._labels is None else self._labels[done : done + len(x)]
        found = []
        for entry in self.entries:
            outputs = self._source.source(x) if entry.stream is None else entry.stream(x).outputs
            entry.score.add(outputs, numbers, truth)
            found.append(outputs)
        return found

    def fields(self, batch: int, task: str = "stream") -> dict[str, Any]:
        """The record's own fields, as far as the contenders were fed."""
        guards = self.how.get("guards", "default")
        watching: tuple[Guard, ...] = DEFAULT if guards == "default" else tuple(guards)
        return {
            "task": task,
            "classes": list(self.reader.classes),
            "rows": self.entries[0].score.rows,
            "batch": batch,
            "segments": [part.name for part in self.segments],
            "contenders": [self._contender(entry) for entry in self.entries],
            "guards": [repr(guard) for guard in watching],
            "labelled": self.labelled,
        }

    @property
    def _source(self) -> Stream:
        """Any stream: all know the model as it was given."""
        return next(entry.stream for entry in self.entries if entry.stream is not None)

    def _entry(self, method: Method[Any] | str, how: dict[str, Any], adapts: bool) -> Entry:
        names = [part.name for part in self.segments]
        score = PrequentialScore(names, self.reader.classes, sum(len(part.x) for part in self.segments))
        if method == SOURCE:
            if adapts:
                raise BadInput("source does not adapt; name it in compare.")
            return Entry(SOURCE, "Source model", False, None, score)
        made = stream(method, self.reader, **how)
        return Entry(made.method.label, made.method.title, adapts, made, score)

    def _contender(self, entry: Entry) -> Contender:
        others = [one for one in self.entries if not one.adapts and one is not entry] if entry.adapts else []
        made = entry.stream
        return Contender(
            name=entry.name,
            title=entry.title,
            adapts=entry.adapts,
            accuracy=entry.score.accuracy(),
            gains={one.name: gains(entry.score, one.score, self.seed) for one in others if self.labelled},
            segments=entry.score.parts(),
            curve=entry.score.curve(),
            events=[] if made is None else made.log,
            resets=0 if made is None else made.resets,
            stopped=False if made is None else made.stopped,
        )

    def _checked(self) -> Labels | None:
        """The labels of all rows, if all are known."""
        known = [part for part in self.segments if part.y is not None]
        if len(known) < len(self.segments):
            if known:
                raise BadData("Some parts of this stream have labels and some have none. Give all or none.")
            return None
        found = []
        for part in known:
            y = np.asarray(part.y)
            if y.shape != (len(part.x),) or y.dtype.kind not in "iu":
                raise BadData(
                    f"The labels of {part.name!r} are {y.dtype} of shape {y.shape}; they must be whole "
                    f"numbers ({len(part.x)},)."
                )
            if len(y) and not 0 <= y.min() <= y.max() < len(self.reader.classes):
                raise BadData(
                    f"The labels of {part.name!r} go from {y.min()} to {y.max()}; the model has the classes "
                    f"0 to {len(self.reader.classes) - 1}."
                )
            found.append(y.astype(np.int64))
        return np.concatenate(found)


def _joined(pieces: list[Tensor]) -> Tensor:
    """One batch; texts are filled up to the longest."""
    if len(pieces) == 1:
        return pieces[0]
    if len({piece.shape[1:] for piece in pieces}) > 1 and all(piece.ndim == 2 for piece in pieces):
        return filled_up([row.numpy() for piece in pieces for row in piece])
    return torch.cat(pieces)


def _listed(methods: Method[Any] | str | Sequence[Method[Any] | str]) -> list[Method[Any] | str]:
    return [methods] if isinstance(methods, str | Method) else list(methods)
