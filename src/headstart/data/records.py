"""Table rows as samples for a backbone, and findings on the columns."""

import hashlib
import json
from functools import cached_property
from typing import final

import numpy as np
import torch
from torch import Tensor

from headstart.core import Schema

from .finding import EXAMPLES, Finding, finding
from .samples import Rows
from .schemas import Encoded, encoded, silent_columns
from .tables import Table


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
        return self._encoded.unseen

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
            f"{_columns(len(places))}. They count as the median, and a feature of its own says so."
        )
        items = [f"{table.names[place]}: {empty[place]} of {len(table)}" for place in places]
        found.append(finding("missing-values", "note", text, items))
    silent = silent_columns(table)
    if silent:
        what = "the same value everywhere, none at all, or another name in every row"
        text = f"{_columns(len(silent))} can say nothing: {what}."
        items = [f"{name}: {why}" for name, why in silent.items()]
        found.append(Finding("silent-columns", "note", text, items[:EXAMPLES], len(items)))
    return found


def _columns(count: int) -> str:
    return "1 column" if count == 1 else f"{count} columns"
