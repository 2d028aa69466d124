"""Texts, read as the tokens of a backbone."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, final

import numpy as np
import torch

from headstart.core import BadData, Reader, Tokens
from headstart.data.augment import Augment
from headstart.data.dataset import Dataset
from headstart.data.finding import Finding, finding
from headstart.data.modality import Features, Fetch, Inputs, Modality
from headstart.data.near_duplicates import Pair, pairs_of_equals
from headstart.data.new_arrays import ids_of
from headstart.data.new_texts import too_long
from headstart.data.packaged import PACKAGED
from headstart.data.samples import Raw, Rows
from headstart.data.sources import Sentences
from headstart.data.texts import essence
from headstart.data.train_test_split import training_rows
from headstart.data.word_counts import WordCounts

LENGTHS = (128, 64)  # tokens
LOOK = 200  # texts whose lengths are looked at
LETTERS = 60  # characters of a text shown in lists


@final
class TextModality(Modality[Dataset]):
    """Texts, a string each."""

    kind = "texts"
    rows = "texts"
    description = "texts"
    readers = (Tokens,)
    backbone = "minilm"
    advice = "Give 'minilm', a model of transformers, or backbone(module, tokenizer=...)."
    hub = "transformers"
    near = "differ from another one by case, spaces or punctuation alone"
    baseline = ("word-counts", "word counts")
    methods = ("tf-idf", "logistic-probe:standardise=True")
    built_in = PACKAGED

    def text(self, data: Dataset, row: int) -> str:
        return _texts(data)[row]

    def named(self, data: Dataset, row: int) -> str:
        words = " ".join(self.text(data, row).split())
        more = "\u2026" if len(words) > LETTERS else ""
        return f"{data.items[row]} \u201c{words[:LETTERS].rstrip()}{more}\u201d"

    def glance(self, raw: Raw, name: str) -> str:
        assert isinstance(raw, str)
        if not raw.strip():
            raise BadData("it is empty.")
        return essence(raw)

    def near_duplicates(self, glances: Sequence[str]) -> list[Pair]:
        return pairs_of_equals(glances)

    def findings(self, data: Dataset, glances: Sequence[str], reader: Reader | None) -> list[Finding]:
        if not isinstance(reader, Tokens):
            return []
        cut = reader.ids(_texts(data))[1]
        items = [data.named(int(row)) for row in np.flatnonzero(cut)]
        return [finding("too-long", "note", too_long(cut, reader.limit), items)] if items else []

    def unreadable(self, count: int, total: int, why: str) -> tuple[str, str]:
        are = "is" if count == 1 else "are"
        return "empty", f"{count} of {total} texts {are} empty and {are} left out."

    def suited(self, data: Dataset, reader: Reader | None, size: int | None, fit: str | None) -> Tokens:
        """The size is the largest number of tokens read from a text."""
        tokens = _tokens(reader)
        return replace(tokens, limit=size or tokens.limit)

    def sizes(self, data: Dataset, reader: Reader | None) -> tuple[int | None, ...]:
        """Its own, and lengths at which some of the texts are cut."""
        tokens = _tokens(reader)
        rows = training_rows(data)
        longest = max(len(ids) for ids in tokens.ids([_texts(data)[row] for row in rows[:LOOK]])[0])
        shorter = [size for size in LENGTHS if size < min(longest, tokens.limit)]
        return (None, *shorter)

    def size_of(self, reader: Reader | None) -> str:
        return f"{_tokens(reader).limit} tokens"

    def loader(self, data: Dataset, reader: Reader | None, augment: Augment | None) -> Sentences:
        return Sentences(data, _tokens(reader))

    def inputs(self, items: Any, reader: Reader | None) -> Inputs:
        return Inputs(torch.from_numpy(ids_of(items, _tokens(reader))))

    def features(self, data: Dataset, rows: Rows, reader: Reader | None) -> Features[Dataset]:
        counts = WordCounts.of([_texts(data)[row] for row in rows])

        def counted(data: Dataset, rows: Rows, fetch: Fetch) -> Any:
            return counts([_texts(data)[row] for row in rows])

        return counted


def _texts(data: Dataset) -> Sequence[str]:
    assert data.texts is not None
    return data.texts


def _tokens(reader: Reader | None) -> Tokens:
    assert isinstance(reader, Tokens)
    return reader
