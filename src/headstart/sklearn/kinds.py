"""What a backbone takes where it is no array: texts, or the rows of tables."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from torch import nn

from headstart.core import BadData, BadInput, Schema
from headstart.data.samples import Texts
from headstart.data.table_rows import rows_of
from headstart.data.tables import Table, from_rows
from headstart.models import minilm, sources
from headstart.models.backbone import backbone
from headstart.models.encoders import is_encoder
from headstart.models.saved import is_run
from headstart.models.tables import TableEncoder
from headstart.session.table_backbone import MLP, NET, TABLE

Takes = Literal["texts", "tables", "others"]


def takes(base: str | nn.Module | None, weights: str | Path | None) -> Takes:
    """What a backbone takes; "others" are pictures and arrays, and the tables of None."""
    if isinstance(base, str):
        if base in (TABLE, MLP, NET, minilm.NAME):
            return "texts" if base == minilm.NAME else "tables"
        if is_encoder(base) or is_run(base) or sources.resolve(base)[0] == "transformers":
            base = backbone(base, weights=weights)
    if isinstance(base, TableEncoder):
        return "tables"
    return "others" if getattr(base, "tokens", None) is None else "texts"


def texts_of(given: Any) -> Texts:
    """A list, array or series of texts, or a frame or array (n, 1) of them.

    Raises:
        BadInput: something is no text.
        BadData: a text is empty, or there is none.
    """
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise BadInput(f"This backbone takes a list of texts, not {type(given).__name__}.")
    if len(getattr(given, "shape", ())) == 2:
        given = _only_column(given)
    found = tuple(given)
    for row, text in enumerate(found):
        if not isinstance(text, str):
            raise BadInput(f"This backbone takes texts; sample {row} is a {type(text).__name__}.")
        if not text.strip():
            raise BadData(f"Sample {row} is an empty text. Leave it out.")
    if not found:
        raise BadData("There are no samples; one or more are needed.")
    return Texts([str(text) for text in found])


def table_of(given: Any, schema: Schema | None) -> Table:
    """A data frame, a mapping of columns, rows as mappings, or rows (n, columns).

    Args:
        given: the rows.
        schema: of the rows of `fit`; None: these are the rows of `fit`.

    Raises:
        BadInput: it is no table.
        BadData: other columns than those of `fit`, infinity, or no row.
    """
    made = from_rows(given, "The table", keep=None) if schema is None else rows_of(given, schema)
    if made is None:
        raise BadInput(f"This backbone takes tables, such as a data frame, not {type(given).__name__}.")
    if not len(made):
        raise BadData("There are no samples; one or more are needed.")
    return made


def _only_column(given: Any) -> Any:
    if given.shape[1] != 1:
        raise BadInput(f"This backbone takes one column of texts, but there are {given.shape[1]}. Name one.")
    return given.iloc[:, 0] if hasattr(given, "iloc") else given[:, 0]
