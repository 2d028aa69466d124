"""A classifier under test: its predictions for rows, and for changed copies of them.

Changed are cues of pictures, columns that are shuffled, and words that are taken out or put in.
"""

import copy
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from headstart.core import BadInput, Model, Unknown, derive_seed
from headstart.data.cues import CONFLICTS, CUES
from headstart.data.dataset import Dataset
from headstart.data.samples import Array, InMemory, Rows, Texts
from headstart.data.shifts.shifted import shrink
from headstart.metrics.intervals import share, share_difference
from headstart.predictor.predictor import Predictor
from headstart.records.record import Interval
from headstart.session.inputs import loader_of
from headstart.session.scoring import outputs_of
from headstart.studies.shortcuts import Change, Conflict

Pixels = NDArray[np.uint8]
SIDE = 224  # pixels of the shorter side: what is larger is made smaller before anything is changed
MOST = 30  # columns that are shuffled where none is named
KEEPS_AND_LOSES = {
    "column": ("all other columns", "the information in the column"),
    "column within classes": ("the relation of the column and the class", "its other information"),
}
BATCH = 64  # rows that are predicted at a time


@dataclass(frozen=True)
class ClassifierUnderTest:
    """A model, and how its classes are numbered in the data."""

    model: Model
    places: Rows  # (classes of the model,) the number in the data; -1: the data have no such class

    @classmethod
    def of(
        cls, predictor: Predictor, data: Dataset, device: torch.device | None = None
    ) -> "ClassifierUnderTest":
        """The model of a predictor for data of classes that it knows; a copy of it on another device.

        Raises:
            BadInput: the model or the data have no classes, or the data some that the model does not know.
        """
        if predictor.label_kind != "classes" or data.label_kind != "classes":
            kind = predictor.label_kind if predictor.label_kind != "classes" else data.label_kind
            raise BadInput(f"Shortcuts are those of a classifier, and these are {kind}.")
        if unknown := [name for name in data.classes if name not in predictor.classes]:
            raise BadInput(
                f"The model does not know {', '.join(map(repr, unknown[:5]))} of {data.name}; it predicts "
                f"{', '.join(map(repr, predictor.classes[:10]))}. Give data with its classes."
            )
        place = {name: number for number, name in enumerate(data.classes)}
        model = predictor.model
        if device is not None and device.type != "cpu":
            model = copy.deepcopy(model).to(device)
        return cls(model, np.array([place.get(name, -1) for name in predictor.classes], dtype=np.int64))

    @property
    def name(self) -> str:
        """Of its backbone."""
        return str(getattr(self.model.backbone, "name", type(self.model.backbone).__name__))

    def predict(self, data: Dataset) -> Rows:
        """Predicted class of each row, (n,), as an index into the data's classes; -1 if the data lack it."""
        source = loader_of(data, self.model.backbone, None)  # type: ignore[arg-type]
        rows = np.arange(len(data), dtype=np.int64)
        device = next(iter(self.model.parameters()), torch.zeros(0)).device
        outputs = outputs_of(self.model.eval(), source, rows, device, BATCH)
        predicted: Rows = self.places[outputs.argmax(1).numpy()]
        return predicted


@dataclass(frozen=True)
class Baseline:
    """A model and its predictions for rows as they are, with which those for changed copies are compared."""

    model: ClassifierUnderTest
    data: Dataset
    predicted: Rows
    seed: int

    @classmethod
    def of(cls, model: ClassifierUnderTest, data: Dataset, seed: int) -> "Baseline":
        """Predict the rows."""
        return cls(model, data, model.predict(data), seed)

    def subset(self, rows: Rows) -> "Baseline":
        """The same of some of the rows."""
        return replace(self, data=self.data.subset(rows), predicted=self.predicted[rows])

    @property
    def correct(self) -> NDArray[np.bool_]:
        """(n,) whether each row is classified correctly."""
        return np.asarray(self.predicted == self.data.labels)

    def change(self, predicted: Rows, about: tuple[str, str, str, str], rows: Rows | None = None) -> Change:
        """The effect of a change: `predicted` (rounds * n,), `about` is its name, kind, keeps and loses."""
        before = self if rows is None else self.subset(rows)
        plain, n = before.correct, len(before.data)
        rounds = predicted.reshape(-1, n)
        correct = rounds == before.data.labels
        still, groups = correct.mean(0), before.data.groups  # (n,) over the rounds
        return Change(
            *about,
            rows=n,
            plain=float(plain.mean()),
            accuracy=Interval(*share(still, groups)),
            drop=Interval(*share_difference(plain, still, groups)),
            changed=float((rounds != before.predicted).mean()),
        )


def in_memory(data: Dataset, side: int = SIDE) -> Dataset:
    """The same pictures in memory, in colour, their shorter sides at most `side` pixels.

    Raises:
        BadData: one can't be read; the text names it.
    """
    pictures = (np.asarray(data.picture(row)) for row in range(len(data)))
    return replace(data, samples=InMemory([np.array(shrink(picture, side)) for picture in pictures]))


def _pictures(data: Dataset) -> list[Pixels]:
    return [np.asarray(data.raw(row)) for row in range(len(data))]


def cue_changes(baseline: Baseline, name: str) -> Iterator[Change]:
    """A cue, worked into pictures that `in_memory` gave."""
    pictures, cue = _pictures(baseline.data), CUES[name]
    seeds = [derive_seed(baseline.seed, "cue", cue.name, row) for row in range(len(pictures))]
    draws = map(np.random.default_rng, seeds)
    new = [cue.change(picture, draw) for picture, draw in zip(pictures, draws, strict=True)]
    kind = "tag" if cue.name.endswith(" tag") else "cue"
    predicted = baseline.model.predict(replace(baseline.data, samples=InMemory(new)))
    yield baseline.change(predicted, (cue.name, kind, cue.keeps, cue.loses))


def conflicts(baseline: Baseline, name: str) -> Iterator[Conflict]:
    """The shape of one picture with the texture, or the colour, of one of another class."""
    pairs = _pairs(baseline)
    if not len(pairs):
        return
    pictures, labels, mix = _pictures(baseline.data), baseline.data.labels, CONFLICTS[name]
    new = [mix(pictures[one], _resized(pictures[other], pictures[one])) for one, other in pairs]
    mixed = replace(baseline.data.subset(pairs[:, 0]), samples=InMemory(new))
    predicted = baseline.model.predict(mixed)
    by_shape, by_other = (predicted == labels[rows] for rows in pairs.T)
    decided = by_shape | by_other
    groups = baseline.data.groups_of(pairs[decided, 0])
    shape = Interval(*share(by_shape[decided], groups)) if decided.any() else None
    yield Conflict(name, len(pairs), int(by_shape.sum()), int(by_other.sum()), shape)


def _pairs(baseline: Baseline) -> Rows:
    """(pairs, 2): each row that is classified correctly with one of another class and attribute.

    A partner with the same attribute, such as the same colour, would bring no other cue.
    """
    correct = np.flatnonzero(baseline.correct)
    draw = np.random.default_rng(derive_seed(baseline.seed, "pairs"))
    labels, attributes = baseline.data.labels, baseline.data.attributes
    pairs = []
    for row in correct:
        others = correct[labels[correct] != labels[row]]
        if attributes is not None:
            others = others[attributes[others] != attributes[row]]
        if len(others):
            pairs.append((int(row), int(draw.choice(others))))
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def _resized(picture: Pixels, like: Pixels) -> Pixels:
    if picture.shape == like.shape:
        return picture
    height, width = like.shape[:2]
    resized = Image.fromarray(picture).resize((width, height), Image.Resampling.BILINEAR)
    return np.array(resized, dtype=np.uint8)


def names_of(data: Dataset) -> tuple[str, ...]:
    """The columns of a table, or of rows of numbers (n, d); () of other samples."""
    if data.table is not None:
        return data.table.names
    if data.array is not None and data.kind == "numbers" and data.array.ndim == 2:
        return tuple(f"column {place}" for place in range(data.array.shape[1]))
    return ()


def choose_columns(data: Dataset, wanted: Sequence[str]) -> tuple[str, ...]:
    """The columns to shuffle.

    Raises:
        Unknown: a wanted column is not there; near names are named.
    """
    names = names_of(data)
    for name in wanted:
        if name not in names:
            raise Unknown("column", name, names)
    return tuple(dict.fromkeys(wanted)) or names[:MOST]


def column_changes(baseline: Baseline, name: str, rounds: int) -> Iterator[Change]:
    """A column shuffled over all rows and within classes, `rounds` times each."""
    place, labels = names_of(baseline.data).index(name), baseline.data.labels
    for kind, words in KEEPS_AND_LOSES.items():
        groups = labels if kind == "column within classes" else np.zeros_like(labels)
        predicted = []
        for number in range(rounds):
            draw = np.random.default_rng(derive_seed(baseline.seed, kind, name, number))
            shuffled = _with_column_of(baseline.data, place, _permutation(draw, groups))
            predicted.append(baseline.model.predict(shuffled))
        yield baseline.change(np.concatenate(predicted), (name, kind, *words))


def _permutation(draw: np.random.Generator, groups: Rows) -> Rows:
    """An order in which every row is replaced by one of its group."""
    order: Rows = np.arange(len(groups), dtype=np.int64)
    for group in np.unique(groups):
        rows = np.flatnonzero(groups == group)
        order[rows] = draw.permutation(rows)
    return order


def _with_column_of(data: Dataset, place: int, order: Rows) -> Dataset:
    """The data with one column in another order."""
    values = np.array(data.array if data.table is None else data.table.values)
    values[:, place] = values[order, place]
    if data.table is None:
        return replace(data, samples=Array(values, are_images=False))
    return replace(data, samples=replace(data.table, values=values))


def word_changes(baseline: Baseline, word: str) -> Iterator[Change]:
    """A word taken out of the texts that have it, and put in front of those that do not."""
    texts = baseline.data.texts
    assert texts is not None
    pattern = re.compile(rf"(?<!\w){re.escape(word.strip())}(?!\w)", re.IGNORECASE)
    present = np.array([bool(pattern.search(text)) for text in texts])
    without = [" ".join(pattern.sub(" ", text).split()) for text in texts]
    out = np.flatnonzero(present & np.array([bool(text) for text in without]))
    into = np.flatnonzero(~present)
    for rows, kind, new, loses in (
        (out, "word out", without, f"the word {word!r}"),
        (into, "word in", [f"{word} {text}" for text in texts], f"nothing; {word!r} is new"),
    ):
        if len(rows):
            part = replace(baseline.data.subset(rows), samples=Texts([new[row] for row in rows]))
            predicted = baseline.model.predict(part)
            yield baseline.change(predicted, (word, kind, "all other words", loses), rows)
