"""Table rows as samples for a backbone, and findings on the columns."""

import hashlib
import json
from collections.abc import Iterator
from functools import cached_property
from pathlib import PurePath
from typing import final

import numpy as np
import torch
from torch import Tensor

from headstart.core import Schema
from headstart.data.naming import some
from headstart.face import spell

from .finding import EXAMPLES, Finding, finding
from .modality import file_suffixes
from .row_numbers import numbers_left_out
from .samples import Rows
from .schemas import Encoded, encoded, silent_columns
from .spellings import units
from .tables import Table
from .text_columns import are_texts
from .times import LIKE_A_DATE, are_run_together

AMOUNTS = 6  # different numbers with a unit from which a column of them is named
UNITS = 2  # most units of such a column, such as k and M


@final
class Records:
    """Loader of table rows encoded by a schema, float32 (n, columns); all views are the same."""

    def __init__(self, table: Table, content: str, schema: Schema) -> None:
        """Encode `table`, whose content has the digest `content`, by `schema`."""
        self._table, self._digest, self._schema = table, content, schema

    @property
    def content(self) -> str:
        """Digest of the rows and the schema."""
        text = json.dumps(["table", self._digest, self._schema.settings()], sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    @cached_property
    def _encoded(self) -> Encoded:
        return encoded(self._table, self._schema)

    @property
    def unseen(self) -> dict[str, int]:
        """Number of rows with a category unknown to the schema, by column."""
        return {name: new.count for name, new in self._encoded.unseen.items()}

    def fetch(self, rows: Rows, views: Rows) -> Tensor:
        """Float32 (n, columns): numbers, codes of categories, NaN where missing."""
        return torch.from_numpy(self._encoded.values[rows])


def about_columns(table: Table) -> list[Finding]:
    """Findings on missing cells, uninformative columns, and how the table was read."""
    found = [finding("expression", "note", note, []) for note in table.notes]
    empty = np.isnan(table.values).sum(axis=0)
    places = [int(place) for place in np.argsort(-empty, kind="stable") if empty[place]]
    if places:
        share = 100 * empty.sum() / table.values.size
        text = (
            f"{empty.sum()} of {table.values.size} cells ({share:.2g} %) hold nothing, in "
            f"{_columns(len(places))}. A feature of its own says where; of numbers the "
            "median stands in."
        )
        items = [f"{table.names[place]}: {empty[place]} of {len(table)}" for place in places]
        found.append(finding("missing-values", "note", text, items))
    found += [*_about_texts(table), *_about_files(table), *_about_silent(table), *_about_dates(table)]
    return [*found, *_about_units(table), *_about_codes(table)]


def _about_silent(table: Table) -> Iterator[Finding]:
    """On columns that are left out, because they say nothing or number the rows."""
    silent = silent_columns(table)
    numbers = [name for name in table.ids if name not in table.words]
    if numbers:
        yield finding(
            "row-numbers",
            "warning",
            numbers_left_out(numbers),
            [f"{name}: {table.ids[name]}" for name in numbers],
        )
    items = [f"{name}: {why}" for name, why in silent.items() if name not in numbers]
    if items:
        what = "the same value everywhere, none at all, or another name in every row"
        text = f"{_columns(len(items))} can say nothing: {what}."
        yield Finding("silent-columns", "note", text, items[:EXAMPLES], len(items))
    gaps = [name for name in table.ids if name not in (*silent, *numbers)]
    if gaps:
        text = (
            f"{some(gaps)} {'has' if len(gaps) == 1 else 'have'} another name in every row that has one: "
            "only whether there is one is learned from."
        )
        yield finding("unique-names", "note", text, gaps)


def _about_texts(table: Table) -> Iterator[Finding]:
    for place, name in enumerate(table.names):
        words = table.words.get(name, ()) if table.kinds[place] != "text" else ()
        if not are_texts(words, int(np.count_nonzero(~np.isnan(table.values[:, place])))):
            continue
        text = (
            f"{name!r} looks like texts, and each counts as one name. To learn from them, say "
            f"{spell('text_column', name)}; to learn from other columns, too, name these in "
            f"{spell('beside')}."
        )
        yield finding("looks-like-texts", "warning", text, words)


def _about_files(table: Table) -> Iterator[Finding]:
    suffixes = file_suffixes()
    for place, name in enumerate(table.names):
        words = table.words.get(name, ()) if table.kinds[place] == "categorical" else ()
        if len(words) > 1 and all(PurePath(word).suffix.lower() in suffixes for word in words):
            text = (
                f"{name!r} looks like names of files, and each counts as one name. To learn from the "
                f"files, say {spell('path_column', name)}."
            )
            yield finding("looks-like-files", "warning", text, words)


def _about_dates(table: Table) -> Iterator[Finding]:
    names = [name for name, words in table.words.items() if words and all(map(LIKE_A_DATE.fullmatch, words))]
    for name in names:
        text = (
            f"{name!r} looks like dates, but its cells count as names, as the order of day and month is not "
            f"known. Write them as 2026-01-31 (such as {table.words[name][0]!r})."
        )
        yield finding("looks-like-dates", "warning", text, table.words[name])
    for place, (name, kind) in enumerate(zip(table.names, table.kinds, strict=True)):
        values = np.asarray(table.values[:, place], np.float64)
        if kind == "numeric" and not table.alike and are_run_together(values):
            text = (
                f"{name!r} looks like dates, but its cells count as numbers. Write them as 2026-01-31 "
                f"(such as {np.nanmin(values):.0f})."
            )
            yield finding("looks-like-dates", "warning", text, [name])


def _about_units(table: Table) -> Iterator[Finding]:
    """On columns of names that are numbers with a unit; a few such names may be sizes or ranks."""
    for place, name in enumerate(table.names):
        words = table.words.get(name, ()) if table.kinds[place] == "categorical" else ()
        signs = units(words) if len(words) >= AMOUNTS else []
        if 0 < len(signs) <= UNITS:
            text = (
                f"{name!r} looks like numbers with a unit, but each counts as a name of its own. Write plain "
                f"numbers in one unit (such as {words[0]!r})."
            )
            yield finding("looks-like-amounts", "warning", text, words)


def _about_codes(table: Table) -> Iterator[Finding]:
    """On columns of whole numbers that are names, as some are codes."""
    for name in (name for name in table.codes if name not in table.ids):
        code = next(word for word in table.words[name] if not word.isdigit())
        text = (
            f"{name!r} holds codes such as {code!r} among whole numbers, so each of its cells counts as a "
            "name. If they are amounts, correct these cells or leave them empty."
        )
        yield finding("codes", "warning", text, table.words[name])


def _columns(count: int) -> str:
    return "1 column" if count == 1 else f"{count} columns"
