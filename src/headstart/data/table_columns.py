"""Which columns of a table are learned from, where one of them holds texts."""

from collections.abc import Mapping, Sequence
from typing import Any

from headstart.core import BadInput, Unknown
from headstart.core.schema import ColumnKind
from headstart.face import spell

from .columns import Columns
from .finding import Finding, finding
from .naming import some
from .row_numbers import is_called_id

ALL = "*"


def texts_beside(
    table: Mapping[str, Any], columns: Columns, passed: Sequence[str]
) -> tuple[dict[str, ColumnKind], tuple[str, ...]]:
    """The kind of the column of texts, and the columns that are passed over, if some are learned from.

    Args:
        table: cells by column.
        columns: the roles of columns.
        passed: columns that are no input, such as the label.

    Raises:
        BadInput: no column of texts is named, or one that is learned from is it, or no input.
        Unknown: there is no column of that name.
    """
    if not columns.beside:
        return {}, ()
    if columns.text is None:
        raise BadInput(
            f"{spell('beside', list(columns.beside))} goes with {spell('text_column')}, which names the "
            "texts "
            "beside them."
        )
    for name in (columns.text, *columns.beside):
        if name not in table and name != ALL:
            raise Unknown("column", name, table)
    if both := [name for name in columns.beside if name in (columns.text, *passed)]:
        raise BadInput(
            f"{spell('beside', both)} can't be used: that is the column of texts, or no input. Leave it out."
        )
    everything = ALL in columns.beside
    others = [
        name for name in table if not everything and name not in (columns.text, *columns.beside, *passed)
    ]
    return {columns.text: "text"}, tuple(others)


def passed_over(table: Mapping[str, Any], roles: Sequence[str | None]) -> tuple[Finding, ...]:
    """A finding on the columns beside texts that are not learned from, IDs aside; none if there are none."""
    names = [name for name in table if name.strip() and name not in roles and not is_called_id(name)]
    if not names:
        return ()
    text = (
        f"{some(names)} {'is' if len(names) == 1 else 'are'} passed over: the texts alone are learned from. "
        f"To learn from other columns, too: {spell('beside', names[:1])}."
    )
    return (finding("passed-over", "note", text, names),)
