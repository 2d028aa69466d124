"""Which single quantities are distributed differently: columns, brightness, length, empty cells."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from headstart.core import derive_seed
from headstart.data.dataset import Dataset
from headstart.data.tables import Table
from headstart.metrics.shift.drift import benjamini_hochberg, drift
from headstart.metrics.shift.shares import total_variation
from headstart.studies.shift import Drifted
from headstart.studies.shift.columns import joint
from headstart.studies.shift.descriptors import Quantities, of_arrays, of_pictures, of_texts

LEVEL = 0.01  # of false discoveries among what is reported
DRAWS, LEAST, LARGEST = 40, 2000, 40_000  # deals of a permutation test: for each quantity, and at least

Floats = NDArray[np.float64]


def find_drift(source: Dataset, target: Dataset, seed: int) -> list[Drifted]:
    """All quantities, those that differ most first; p-values are adjusted for their number."""
    found = list(_of_tables(source.table, target.table, seed) if source.table and target.table else ())
    if not found:
        mine, theirs = _quantities(source, target)
        found = [_numbers(name, mine[name], theirs[name]) for name in mine]
    adjusted = benjamini_hochberg(np.array([one.p_value for one in found]))
    told = [
        replace(one, adjusted=float(p), drifted=bool(p <= LEVEL))
        for one, p in zip(found, adjusted, strict=True)
    ]
    return sorted(told, key=lambda one: (not one.drifted, -one.statistic, one.adjusted))


def _quantities(source: Dataset, target: Dataset) -> tuple[Quantities, Quantities]:
    if source.texts is not None and target.texts is not None:
        return of_texts(source.texts, source.texts, True), of_texts(target.texts, source.texts, False)
    if not source.modality.by_columns:
        return of_pictures(source), of_pictures(target)
    assert source.array is not None
    assert target.array is not None
    return of_arrays(source.array), of_arrays(target.array)


def _of_tables(source: Table, target: Table, seed: int) -> Iterator[Drifted]:
    """Columns that both have, and how often they hold nothing."""
    both, n = joint(source, target), len(source)
    places = [place for place, name in enumerate(both.names) if name in target.names]
    draws = min(LARGEST, max(LEAST, DRAWS * len(places)))
    for place in places:
        name, values = both.names[place], both.values[:, place]
        gone = np.isnan(values)
        if gone.any():
            yield _missing(name, gone[:n], gone[n:], draws, seed)
        mine, theirs = values[:n][~gone[:n]], values[n:][~gone[n:]]
        if not len(mine) or not len(theirs):
            continue
        if name in both.words:
            yield _names(name, both.words[name], (mine, theirs), draws, seed)
        else:
            yield _numbers(name, mine, theirs)


def _numbers(name: str, mine: Floats, theirs: Floats) -> Drifted:
    found = drift(mine[:, None], theirs[:, None])
    figures = float(mine.mean()), float(theirs.mean()), float(found.statistic[0]), float(found.p_value[0])
    return Drifted(name, "numbers", "", *figures, 1.0, False)


def _names(name: str, words: tuple[str, ...], codes: tuple[Floats, Floats], draws: int, seed: int) -> Drifted:
    counts = [np.bincount(one.astype(np.int64), minlength=len(words)) for one in codes]
    mine, theirs = (one / one.sum() for one in counts)
    most = int(np.abs(mine - theirs).argmax())
    found = total_variation(counts[0], counts[1], draws, seed=derive_seed(seed, "names", name))
    return Drifted(name, "names", words[most], float(mine[most]), float(theirs[most]), *found, 1.0, False)


def _missing(name: str, mine: NDArray[np.bool_], theirs: NDArray[np.bool_], draws: int, seed: int) -> Drifted:
    counts = [np.bincount(one.astype(np.int64), minlength=2) for one in (mine, theirs)]
    found = total_variation(counts[0], counts[1], draws, seed=derive_seed(seed, "missing", name))
    return Drifted(name, "missing", "", float(mine.mean()), float(theirs.mean()), *found, 1.0, False)
