"""A column of long texts that nobody named: it is learned from as texts, and that is said."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from headstart.face import spell

from .columns import PATH, TEXT, Columns, column_array, gone_cell
from .csv_columns import TextColumn
from .finding import Finding, finding
from .naming import names_are_known
from .row_numbers import is_called_id, is_unnamed
from .table_columns import ALL
from .text_columns import are_long_texts, are_texts
from .times import days_of


def with_texts(
    table: Mapping[str, Any], columns: Columns, passed: Collection[str | None]
) -> tuple[Columns, tuple[Finding, ...]]:
    """The columns with one of texts, if there is one that nobody named; and a finding that says so.

    Beside IDs and dates alone it is learned from as texts. Beside other columns it becomes a part of a table,
    if its texts are long. Rows without a text don't count, if they are no more than half.

    Args:
        table: cells (n,) by column.
        columns: the roles of columns, as the user gave them.
        passed: columns that are no input, such as the label.
    """
    if columns.path or columns.text or columns.beside or {PATH, TEXT} & table.keys():
        return columns, ()
    inputs = [
        name
        for name in table
        if name not in passed
        and not (is_unnamed(name) or is_called_id(name) or _are_dates(_words(table[name])))
    ]
    found = {
        name: words
        for name in inputs
        if name not in columns.categorical
        and (words := _words(table[name]))
        and 2 * (rows := _rows_with_text(table[name])) >= len(table[name])
        and (
            are_texts(words, len(words) if names_are_known() else rows, names_are_known())
            or are_long_texts(words, rows)
        )
    }
    if not found:
        return columns, ()
    name = max(found, key=lambda one: sum(map(len, found[one])) / len(found[one]))
    if len(found) == len(inputs):
        text = (
            f"{name!r} holds texts, which are learned from; "
            f"{spell('text_column', ..., stands='NAME')} takes another column."
        )
        return replace(columns, text=name), (finding("text-column", "note", text, [name]),)
    if not are_long_texts(found[name], _rows_with_text(table[name])):
        return columns, ()
    text = (
        f"{name!r} holds texts, which are learned from together with the other columns. The texts alone: "
        f"{spell('text_column', name)}; without them: {spell('categorical', [name])}."
    )
    mixed = replace(columns, text=name, beside=(ALL,))
    return mixed, (finding("text-column", "note", text, [name]),)


def texts_in(table: Mapping[str, Any]) -> str:
    """The column of new texts: the one called "text", else the only one of texts, if there is one."""
    if TEXT in table:
        return TEXT
    words = {name: _words(values) for name, values in table.items()}
    found = [name for name, texts in words.items() if are_texts(texts, len(texts), few=True)]
    return found[0] if len(found) == 1 else TEXT


def _are_dates(words: Collection[str]) -> bool:
    return bool(words) and all(days_of(word) is not None for word in words)


def _rows_with_text(values: Any) -> int:
    """Rows of a column of texts that hold one."""
    if isinstance(values, TextColumn):
        names, codes = values.coded
        empty = [code for code, word in enumerate(names) if not word]
        return int(np.isin(codes, empty, invert=True).sum())
    return sum(isinstance(cell, str) and bool(cell) for cell in column_array(values).tolist())


def _words(values: Any) -> list[str]:
    """The distinct texts of a column; none if it holds anything else."""
    if isinstance(values, TextColumn):
        return [word for word in values.coded[0] if word]
    array = column_array(values)
    if array.dtype.kind not in "OUS":
        return []
    cells = array.tolist()
    if not all(isinstance(cell, str) or gone_cell(cell) for cell in cells):
        return []
    return list(dict.fromkeys(cell for cell in cells if isinstance(cell, str) and cell))
