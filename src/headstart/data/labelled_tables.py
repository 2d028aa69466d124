"""Labelled tables as datasets: from a file, a data frame or similar."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from headstart.core import BadData, BadInput, Unknown
from headstart.core.label_kind import LabelKind
from headstart.core.schema import ColumnKind
from headstart.face import spell

from .attributes import attributed
from .columns import Origin
from .dataset import Dataset
from .h5ad import annotation, items_in, table_in
from .naming import grouped, names_are_known, sides
from .samples import Rows
from .schemas import silent_columns
from .tables import Table, from_columns
from .targets import Target, of_columns
from .times import LIKE_A_DATE


def from_table(
    table: Table,
    target: Target,
    name: str,
    *,
    items: Sequence[str] = (),
    groups: Rows | None = None,
    split: tuple[str, ...] | None = None,
) -> Dataset:
    """Build a dataset of the rows of a table with their labels.

    Raises:
        BadInput: lengths differ.
        BadData: no column is informative.
    """
    if len(target) != len(table):
        raise BadInput(f"{name} has {len(table)} rows and there are {len(target)} labels.")
    silent = silent_columns(table)
    nothing = set(silent) - (table.ids.keys() - table.words.keys()) == set(table.names)  # numbers can be kept
    if nothing and not names_are_known():
        said = "; ".join(f"{column!r}: {why}" for column, why in list(silent.items())[:3])
        raise BadData(
            f"{name} has no column that says anything ({said}). For pictures or texts say where they are: "
            f"{spell('path_column', ..., stands='NAME')} or {spell('text_column', ..., stands='NAME')}"
            f"{_dates_in(table)}"
        )
    said_items = tuple(items) or tuple(f"row {row + table.first}" for row in range(len(table)))
    findings = target.findings
    return Dataset(name, target.names, target.labels, said_items, table, groups, split, findings=findings)


def _dates_in(table: Table) -> str:
    dates = [name for name, words in table.words.items() if words and all(map(LIKE_A_DATE.fullmatch, words))]
    return f" Write the dates of {dates[0]!r} as 2026-01-31." if dates else ""


def from_cells(  # noqa: PLR0913  # what a row has besides its cells
    cells: Mapping[str, Any],
    target: Target,
    passed: Sequence[str | None],
    name: str,
    categorical: Sequence[str],
    origin: Origin,
    *,
    groups: Rows | None = None,
    split: tuple[str, ...] | None = None,
) -> Dataset:
    """Build a dataset of the columns of a file or frame, except labels and other non-input columns.

    Raises:
        BadData: see `from_columns` and `from_table`.
        Unknown: no column has a name out of `categorical`.
    """
    kinds = dict(origin.kinds) | named_kinds(cells, categorical)
    table = from_columns(cells, name, passed=(*passed, ""), kinds=kinds, first=origin.first)
    return from_table(table, target, name, groups=groups, split=split)


def from_h5ad(
    file: Path,
    labels: Sequence[str],
    group: str | None,
    split: str | None,
    name: str,
    kind: LabelKind | None = None,
    attribute: str | None = None,
) -> Dataset:
    """Build a dataset of the cells of an .h5ad file with labels from columns of its `obs`.

    Raises:
        BadData: it can't be read, there is no such column, or a cell without a label.
        MissingPackage: h5py is not there.
    """
    target = of_columns({label: annotation(file, label) for label in labels}, kind, name)
    groups = None if group is None else grouped(annotation(file, group))
    parts = None if split is None else sides(annotation(file, split), str(file))
    table = table_in(file, name, (*labels, group, split, attribute))
    found = from_table(table, target, name, items=items_in(file), groups=groups, split=parts)
    return attributed(found, None if attribute is None else annotation(file, attribute))


def named_kinds(columns: Mapping[str, Any], categorical: Sequence[str]) -> dict[str, ColumnKind]:
    """Kinds of the columns that the user declares categorical.

    Raises:
        Unknown: no column has a name out of `categorical`.
    """
    for column in categorical:
        if column not in columns:
            raise Unknown("column", column, columns)
    return dict.fromkeys(categorical, "categorical")
