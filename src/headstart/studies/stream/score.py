"""The prequential score of one contender, kept in a few bytes a batch."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from headstart.core import derive_seed
from headstart.metrics.intervals import bootstrap, wilson
from headstart.records.record import Interval
from headstart.studies.stream import POINTS, OnSegment, Point

FEW = 20  # batches; fewer are too few to be drawn as blocks
Floats = NDArray[np.float64]


class PrequentialScore:
    """The score of one contender.

    Attributes:
        rows: so far.
    """

    def __init__(self, segments: Sequence[str], classes: Sequence[str], expected: int) -> None:
        self.segments, self.classes, self.expected = segments, classes, expected
        self.rows, self.labelled = 0, True
        self.sizes: list[int] = []  # of batches
        self.right: list[int] = []  # in each batch
        self.said = np.zeros((len(segments), len(classes)), np.int64)
        self.right_in = np.zeros(len(segments), np.int64)
        self.points: list[Point] = []
        self._since = [0, 0, 0.0]  # rows, right and confidence since the last point
        self._hits: list[NDArray[np.bool_]] | None = []  # row by row, while batches are few

    def add(self, outputs: Tensor, numbers: NDArray[np.int64], truth: NDArray[np.int64] | None) -> None:
        """A batch: logits (n, classes), the part that each row is in, and the labels (n,), if any."""
        answers, sure = outputs.argmax(1).numpy(), float(outputs.softmax(1).amax(1).sum())
        self.labelled = self.labelled and truth is not None
        hit = answers == truth if truth is not None else np.zeros(len(answers), np.bool_)
        np.add.at(self.said, (numbers, answers), 1)
        np.add.at(self.right_in, numbers, hit)
        self.sizes.append(len(answers))
        self.right.append(int(hit.sum()))
        self._remember(hit)
        self.rows += len(answers)
        self._since = [self._since[0] + len(answers), self._since[1] + self.right[-1], self._since[2] + sure]
        if self.rows * POINTS >= self.expected * (len(self.points) + 1) or self.rows >= self.expected:
            self._point()

    def accuracy(self) -> Interval | None:
        """Over all rows, with Wilson's interval."""
        return Interval(*wilson(sum(self.right), self.rows)) if self.labelled and self.rows else None

    def parts(self) -> list[OnSegment]:
        """On each part of the stream."""
        found = []
        for number, name in enumerate(self.segments):
            counts = self.said[number]
            rows, top = int(counts.sum()), int(counts.argmax())
            known = self.labelled and rows
            right = Interval(*wilson(int(self.right_in[number]), rows)) if known else None
            found.append(OnSegment(name, rows, right, self.classes[top], int(counts[top]) / max(1, rows)))
        return found

    def curve(self) -> list[Point]:
        """At most 200 points."""
        if self._since[0] and len(self.points) < POINTS:
            self._point()
        return list(self.points)

    def hits(self) -> tuple[Floats, Floats]:
        """Right answers and rows of what is drawn as one: batches, or rows where batches are few."""
        if self._hits is not None:
            rows = np.concatenate(self._hits).astype(np.float64)
            return rows, np.ones_like(rows)
        return np.array(self.right, np.float64), np.array(self.sizes, np.float64)

    def _remember(self, hit: NDArray[np.bool_]) -> None:
        if self._hits is not None:
            self._hits.append(hit)
            if len(self._hits) >= FEW:
                self._hits = None

    def _point(self) -> None:
        rows, right, sure = self._since
        whole, recent = sum(self.right) / self.rows, right / rows
        known = self.labelled
        self.points.append(Point(self.rows, whole if known else None, recent if known else None, sure / rows))
        self._since = [0, 0, 0.0]


def gains(ours: PrequentialScore, theirs: PrequentialScore, seed: int) -> Interval:
    """Our accuracy less theirs on the same rows, with a paired bootstrap.

    Batches are drawn whole, as the rows of a batch were answered by the same state of the model; rows where
    there are fewer than 20 batches.
    """
    (mine, rows), (others, _) = ours.hits(), theirs.hits()
    apart = mine - others

    def difference(weights: Floats) -> Floats:
        found: Floats = (weights @ apart) / (weights @ rows)
        return found

    return Interval(*bootstrap(difference, len(rows), derive_seed(seed, "stream")))
