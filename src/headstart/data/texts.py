"""Datasets of texts, and their normal form for near duplicates."""

import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypeGuard

import torch

from headstart.core import BadInput
from headstart.core.label_kind import LabelKind

from .arrays import group_numbers
from .dataset import Dataset
from .samples import Texts
from .targets import of_values


def are_texts(values: Any) -> TypeGuard[Sequence[str]]:
    """Whether `values` is a list, or another sequence, that begins with a text."""
    if isinstance(values, str | bytes | torch.Tensor | dict) or not hasattr(values, "__len__"):
        return False
    return len(values) > 0 and isinstance(next(iter(values)), str)


def from_texts(
    texts: Sequence[str], y: Any, groups: Any, name: str, label_kind: LabelKind | None = None
) -> Dataset:
    """Build a dataset of texts with labels `y`.

    Raises:
        BadInput: labels are missing, lengths differ, or a row is not a text.
        BadData: labels are constant or otherwise unusable.
    """
    if y is None:
        raise BadInput("Texts need labels: load((texts, y)) or load(texts, labels=y).")
    found = tuple(texts)
    for row, text in enumerate(found):
        if not isinstance(text, str):
            raise BadInput(f"Row {row} of the texts is {text!r}, which is no text. Leave it out, or give ''.")
    learned = of_values(y, label_kind, name)
    if len(found) != len(learned):
        raise BadInput(f"There are {len(found)} texts and {len(learned)} labels.")
    items = tuple(f"row {row}" for row in range(len(found)))
    return Dataset(
        name,
        learned.names,
        learned.labels,
        items,
        Texts(found),
        group_numbers(groups, len(found)),
        findings=learned.findings,
    )


def essence(text: str) -> str:
    """Normalise a text: case, punctuation, spaces and Unicode forms are ignored.

    A text of punctuation alone, such as a smiley, keeps it.

    >>> essence("Well,  DONE!") == essence("well done"), essence(":)") == essence(":(")
    (True, False)
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(folded.translate(_gaps(folded)).split()) or " ".join(folded.split())


def _gaps(text: str) -> dict[int, str]:
    return {ord(letter): " " for letter in set(text) if _is_gap(letter)}


@lru_cache(maxsize=65536)
def _is_gap(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "PZC"
