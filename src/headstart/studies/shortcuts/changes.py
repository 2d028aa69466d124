"""Columns that are shuffled, over all rows and within classes, and words that are taken out or put in."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from headstart.core import Unknown, derive_seed
from headstart.data.dataset import Dataset
from headstart.data.samples import Array, Rows, Texts
from headstart.studies.shortcuts import Change
from headstart.studies.shortcuts.model_under_test import Baseline, ClassifierUnderTest

MOST = 30  # columns that are shuffled where none is named
WAYS = {
    "column": ("all other columns", "what the column says of the row"),
    "column within classes": ("how the column goes with the class", "what else it says of the row"),
}


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
    known = names_of(data)
    for name in wanted:
        if name not in known:
            raise Unknown("column", name, known)
    return tuple(dict.fromkeys(wanted)) or known[:MOST]


def column_changes(
    model: ClassifierUnderTest, baseline: Baseline, name: str, rounds: int
) -> Iterator[Change]:
    """A column shuffled in two ways, `rounds` times each."""
    place = names_of(baseline.data).index(name)
    for kind, words in WAYS.items():
        predicted = []
        for number in range(rounds):
            draw = np.random.default_rng(derive_seed(baseline.seed, kind, name, number))
            order = (_over if kind == "column" else _within)(draw, baseline.data.labels)
            predicted.append(model.predict(_shuffled(baseline.data, place, order)))
        yield baseline.change(np.concatenate(predicted), name, kind, *words)


def word_changes(model: ClassifierUnderTest, baseline: Baseline, word: str) -> Iterator[Change]:
    """A word taken out of the texts that have it, and put in front of those that do not."""
    texts = baseline.data.texts
    assert texts is not None
    pattern = re.compile(rf"(?<!\w){re.escape(word.strip())}(?!\w)", re.IGNORECASE)
    there = np.array([bool(pattern.search(text)) for text in texts])
    without = [" ".join(pattern.sub(" ", text).split()) for text in texts]
    out = np.flatnonzero(there & np.array([bool(text) for text in without]))
    into = np.flatnonzero(~there)
    for rows, kind, new, loses in (
        (out, "word out", without, f"the word {word!r}"),
        (into, "word in", [f"{word} {text}" for text in texts], f"nothing; {word!r} is new"),
    ):
        if len(rows):
            part = replace(baseline.data.subset(rows), samples=Texts([new[row] for row in rows]))
            yield baseline.change(model.predict(part), word, kind, "all other words", loses, rows=rows)


def _over(draw: np.random.Generator, labels: Rows) -> Rows:
    return draw.permutation(len(labels))


def _within(draw: np.random.Generator, labels: Rows) -> Rows:
    """An order in which every row is replaced by one of its class."""
    found: Rows = np.arange(len(labels), dtype=np.int64)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        found[rows] = draw.permutation(rows)
    return found


def _shuffled(data: Dataset, place: int, order: Rows) -> Dataset:
    """The data with one column in another order."""

    def mixed(values: NDArray[np.generic]) -> NDArray[np.generic]:
        new = np.array(values)
        new[:, place] = values[order, place]
        return new

    if data.table is not None:
        return replace(data, samples=replace(data.table, values=mixed(data.table.values)))
    assert data.array is not None
    return replace(data, samples=Array(mixed(data.array), are_images=False))
