"""How large few-shot tasks of some data are, and which classes have rows enough for them."""

from dataclasses import dataclass, replace

import numpy as np

from headstart.core import BadInput
from headstart.data.dataset import Dataset
from headstart.data.samples import Rows
from headstart.face import spell
from headstart.report.text import join_words, pluralise
from headstart.studies.episodes import EpisodesSettings

WAYS, SHOTS, QUERIES = 5, 1, 15  # usual, of classes
NAMED = 5  # classes that a note names


@dataclass(frozen=True)
class Sizes:
    """How large tasks are, and which classes have rows enough."""

    ways: int
    shots: int
    queries: int
    train_shots: tuple[int, int]
    counts: tuple[int, ...]  # rows of each class

    @classmethod
    def of(cls, data: Dataset, settings: EpisodesSettings, other: Dataset | None) -> "Sizes":
        """Those of the settings, or else those that suit the data."""
        counts = counts_of(data)
        both = counts if other is None else np.concatenate([counts, counts_of(other)])
        there = int((counts > 0).sum())
        ways = settings.ways or max(2, min(WAYS, there // 2 if other is None else there))
        shots = settings.shots or SHOTS
        train = settings.train_shots or (shots, shots)
        most = max(shots, train[1])
        usual = max(1, min(QUERIES, int(np.median(both[both > 0])) - most))
        sizes = cls(ways, shots, settings.queries or usual, (train[0], train[1]), tuple(counts.tolist()))
        sizes.require(data, settings, apart=other is not None)
        if other is not None:
            replace(sizes, counts=tuple(counts_of(other).tolist())).require(other, settings, apart=True)
        return sizes

    @property
    def train_rows(self) -> int:
        """That a task takes of a class."""
        return self.train_shots[1] + self.queries

    @property
    def test_rows(self) -> int:
        """Likewise."""
        return self.shots + self.queries

    @property
    def most(self) -> int:
        """Rows that any task takes of a class."""
        return max(self.train_rows, self.test_rows)

    @property
    def enough(self) -> int:
        """Classes with rows enough."""
        return sum(count >= self.most for count in self.counts)

    def held_out(self, settings: EpisodesSettings) -> int:
        """How many classes test tasks are of."""
        return settings.test_classes or max(self.ways, round(self.enough / 3))

    def require(self, data: Dataset, settings: EpisodesSettings, apart: bool) -> None:
        """Raise `BadInput` if there are too few classes with rows enough."""
        held = 0 if apart else self.held_out(settings)
        needed = self.ways + held
        if not apart and held < self.ways:
            raise BadInput(
                f"{spell('test_classes', held)}: a task has {self.ways} classes, so test tasks need as many."
            )
        if self.enough >= needed:
            return
        small = [name for name, count in zip(data.classes, self.counts, strict=True) if count < self.most]
        why = f" {_names(small)} {'has' if len(small) == 1 else 'have'} fewer rows." if small else ""
        parts = f"{self.ways} to train on" + ("" if apart else f" and {held} others to test with")
        raise BadInput(
            f"Tasks of {self.ways} classes need {parts}, each with {pluralise(self.most, 'row')} "
            f"({_pairs(self)}); {data.name} has {self.enough} such classes of {len(data.classes)}.{why} "
            f"Fewer {spell('ways')}, {spell('shots')} or {spell('queries')}, or more rows, would do."
        )

    def left_out(self, data: Dataset) -> list[str]:
        """A note on the classes with too few rows."""
        small = [name for name, count in zip(data.classes, self.counts, strict=True) if count < self.most]
        if not small:
            return []
        verb = "is" if len(small) == 1 else "are"
        return [f"{_names(small)} {verb} left out: a task takes {self.most} rows of a class."]


def counts_of(data: Dataset) -> Rows:
    """Rows (classes,) of each class that can be in one task: one of each group, where there are groups."""
    labels = data.labels
    if data.groups is not None:
        labels = np.unique(np.stack([labels, data.groups]), axis=1)[0]
    return np.bincount(labels, minlength=len(data.classes))


def _pairs(sizes: Sizes) -> str:
    return (
        f"{pluralise(sizes.most - sizes.queries, 'shot')} and {pluralise(sizes.queries, 'query', 'queries')}"
    )


def _names(classes: list[str]) -> str:
    shown = [repr(name) for name in classes[:NAMED]]
    if more := len(classes) - len(shown):
        return f"{', '.join(shown)} and {pluralise(more, 'other class', 'other classes')}"
    return join_words(shown)
