"""Quantities that people understand, such as brightness, length and columns, and tests of their drift."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.core import Preprocess, derive_seed
from headstart.data.dataset import Dataset
from headstart.data.decode import prepare
from headstart.data.opening import size_of
from headstart.data.parallel import parallel_map
from headstart.data.tables import Table
from headstart.metrics.shift.drift import benjamini_hochberg, drift
from headstart.metrics.shift.shares import total_variation
from headstart.studies.shift import Drifted
from headstart.studies.shift.features import join_tables

Floats = NDArray[np.float64]
Quantities = dict[str, Floats]  # by name, (n,)

LEVEL = 0.01  # of false discoveries among what is reported
PERMUTATIONS = 40  # for each quantity, within the two bounds
FEWEST, LARGEST = 2000, 40_000
READER = Preprocess(size=(128, 128), fit="squash", filter="bilinear")
LUMINANCE = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
COLUMNS = 1024  # of an array that are tested one by one

OF_PICTURES = ("brightness", "contrast", "red", "green", "blue", "saturation", "sharpness", "width", "height")


def find_drift(source: Dataset, target: Dataset, seed: int) -> list[Drifted]:
    """All quantities, those that differ most first; p-values are adjusted for their number."""
    tests = list(_test_tables(source.table, target.table, seed) if source.table and target.table else ())
    if not tests:
        of_source, of_target = _quantities(source, target)
        tests = [_test_numbers(name, of_source[name], of_target[name]) for name in of_source]
    adjusted = benjamini_hochberg(np.array([test.p_value for test in tests])).tolist()
    tests = [replace(test, adjusted=p, drifted=p <= LEVEL) for test, p in zip(tests, adjusted, strict=True)]
    return sorted(tests, key=lambda test: (not test.drifted, -test.statistic, test.adjusted))


def _quantities(source: Dataset, target: Dataset) -> tuple[Quantities, Quantities]:
    if source.texts is not None and target.texts is not None:
        return of_texts(source.texts, source.texts, True), of_texts(target.texts, source.texts, False)
    if not source.modality.by_columns:
        return of_pictures(source), of_pictures(target)
    assert source.array is not None
    assert target.array is not None
    return of_arrays(source.array), of_arrays(target.array)


def of_pictures(data: Dataset) -> Quantities:
    """Levels are in [0, 1], sides in pixels; all but sides are measured at 128 x 128 pixels.

    Brightness and contrast are mean and deviation of the luminance, saturation is the mean difference of the
    largest and the smallest channel, sharpness the mean difference of neighbouring luminances.
    """

    def measure(row: int) -> list[float]:
        item = data.items[row]
        raw: Any = data.shown(row) if data.is_images else data.picture(row)
        pixels = prepare(raw, READER, name=item).permute(1, 2, 0).numpy() / 255.0
        grey = pixels @ LUMINANCE
        edges = np.abs(np.diff(grey, axis=0)).mean() + np.abs(np.diff(grey, axis=1)).mean()
        saturation = (pixels.max(2) - pixels.min(2)).mean()
        return [grey.mean(), grey.std(), *pixels.mean((0, 1)), saturation, edges / 2, *size_of(raw, item)]

    values = np.array(list(parallel_map(measure, range(len(data)))), np.float64)
    quantities = dict(zip(OF_PICTURES, values.T, strict=True))
    return quantities | {"width / height": quantities["width"] / quantities["height"]}


def of_texts(texts: Sequence[str], vocabulary: Sequence[str], among: bool) -> Quantities:
    """Counts of characters and words; shares are of characters, of capitals of the letters of the alphabet.

    Args:
        texts: (n,).
        vocabulary: texts of the source; words that none of them has are new.
        among: whether `texts` are those texts: then a word is new that no other of them has.
    """
    counts = Counter(word for text in vocabulary for word in set(_words(text)))
    least = 2 if among else 1

    def measure(text: str) -> dict[str, float]:
        words, size = _words(text), max(1, len(text))
        letters = [letter for letter in text if letter.isalpha()]
        marks = sum(not (letter.isalnum() or letter.isspace()) for letter in text)
        return {
            "characters": len(text),
            "words": len(words),
            "share of capitals": sum(letter.isupper() for letter in letters) / max(1, len(letters)),
            "share of digits": sum(letter.isdigit() for letter in text) / size,
            "share of marks": marks / size,
            "share of new words": sum(counts[word] < least for word in words) / max(1, len(words)),
        }

    rows = [measure(text) for text in texts]
    return {name: np.array([row[name] for row in rows], np.float64) for name in rows[0]}


def _words(text: str) -> list[str]:
    return [word for part in text.casefold().split() if (word := "".join(filter(str.isalnum, part)))]


def of_arrays(x: NDArray[np.generic]) -> Quantities:
    """Each column of a matrix; of wider rows and of other shapes the mean, the deviation and the extremes."""
    flat = np.asarray(x, np.float64).reshape(len(x), -1)
    if x.ndim == 2 and flat.shape[1] <= COLUMNS:
        return {f"column {place}": column for place, column in enumerate(flat.T)}
    return {"mean": flat.mean(1), "deviation": flat.std(1), "least": flat.min(1), "largest": flat.max(1)}


def _test_tables(source: Table, target: Table, seed: int) -> Iterator[Drifted]:
    """Columns that both have, and the share of empty cells in each."""
    both, n = join_tables(source, target), len(source)
    places = [place for place, name in enumerate(both.names) if name in target.names]
    draws = min(LARGEST, max(FEWEST, PERMUTATIONS * len(places)))
    for place in places:
        name, values = both.names[place], both.values[:, place]
        empty = np.isnan(values)
        if empty.any():
            yield _test_codes(name, "missing", (empty[:n], empty[n:]), draws, seed)
        columns = values[:n][~empty[:n]], values[n:][~empty[n:]]
        if name in both.ids or not all(map(len, columns)):
            continue
        if name in both.words:
            yield _test_codes(name, "names", columns, draws, seed, both.words[name])
        else:
            kind = "dates" if both.kinds[place] == "date" else "numbers"
            yield replace(_test_numbers(name, *columns), kind=kind)


def _test_numbers(name: str, source: Floats, target: Floats) -> Drifted:
    test = drift(source[:, None], target[:, None])
    figures = float(source.mean()), float(target.mean()), float(test.statistic[0]), float(test.p_value[0])
    return Drifted(name, "numbers", "", *figures, 1.0, False)


def _test_codes(
    name: str,
    kind: str,
    codes: tuple[NDArray[Any], NDArray[Any]],
    draws: int,
    seed: int,
    words: tuple[str, ...] = (),
) -> Drifted:
    """Of categories the one whose share differs most; without their `words`, of codes that are 0 or 1."""
    counts = [np.bincount(column.astype(np.int64), minlength=len(words) or 2) for column in codes]
    source, target = (count / count.sum() for count in counts)
    most = int(np.abs(source - target).argmax()) if words else 1
    test = total_variation(counts[0], counts[1], draws, seed=derive_seed(seed, kind, name))
    detail = words[most] if words else ""
    return Drifted(name, kind, detail, float(source[most]), float(target[most]), *test, 1.0, False)
