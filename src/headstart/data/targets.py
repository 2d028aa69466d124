"""Parse labels from user input: classes, tags or numbers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from headstart.core import BadData, BadInput, Unknown
from headstart.core.label_kind import TASKS, LabelKind, label_kind_of
from headstart.face import spell

from . import numbers, tags
from .class_names import class_names
from .columns import brief, cell_texts, column_array, is_nested
from .finding import Finding
from .frames import is_frame
from .kind_of_target import NONE, about_groups, about_target, are_amounts
from .labels import Labels
from .naming import numbered
from .plain_arrays import as_array, is_tensor
from .sparse import dense
from .tables import columns_of
from .tag_lists import as_matrix, lists_in, row_without_list, tag_names


@dataclass(frozen=True, eq=False)
class Target:
    """The labels of n rows.

    Attributes:
        names: of the classes, the tags, or the columns of numbers.
        labels: int64 (n,), bool (n, k) or float64 (n, k), see `Dataset`; -1 and NaN in rows without a label,
            which `with_labels` leaves out.
        findings: on rows without a label, and on how the labels are taken.
    """

    names: tuple[str, ...]
    labels: Labels
    findings: tuple[Finding, ...] = ()

    def __len__(self) -> int:
        """The number of rows."""
        return len(self.labels)

    @property
    def kind(self) -> LabelKind:
        """Kind of the labels: "classes", "tags" or "numbers"."""
        return label_kind_of(self.labels)

    @classmethod
    def of_classes(cls, names: Sequence[str], what: str) -> Self:
        """Labels from class names, "" for none; `BadData` if there are fewer than two classes."""
        present = [name for name in names if name]
        if names and not present:
            raise BadData(f"{what}: no row has a label. Name another column of labels, or fill them in.")
        classes, numbers = numbered(present, what)
        if len(present) == len(names):
            return cls(classes, numbers)
        labels = np.full(len(names), NONE, np.int64)
        labels[[row for row, name in enumerate(names) if name]] = numbers
        return cls(classes, labels)


def label_kind_for(task: Any) -> LabelKind | None:
    """The label kind of a task; None for None, `Unknown` if there is no such task."""
    if task is None:
        return None
    if not isinstance(task, str) or task not in TASKS:
        raise Unknown("task", str(task), TASKS)
    return TASKS[task]


def of_values(y: Any, kind: LabelKind | None, what: str) -> Target:
    """Parse labels that are passed separately from the samples.

    Args:
        y: (n,) names, whole numbers, numbers, or texts with several tags each; (n, k) truth values, 0 and 1,
            or numbers; n lists of tags; a data frame or mapping of label columns.
        kind: of the labels; None infers it: floats with fractions and floats (n, k) are numbers, 0 and 1
            (n, k) and lists of names are tags, all else is classes.
        what: for messages.

    Raises:
        BadInput: they have another shape.
        BadData: a row without a label, one class, one tag, or a text or non-finite value among numbers.
    """
    y = dense(y, "the labels")
    if isinstance(y, Mapping) or is_frame(y):
        columns = columns_of(y)
        assert columns is not None
        return of_columns(columns, kind, what)
    if (rows := _rows_of_lists(y)) is not None:
        return _of_lists(rows, kind, what, 0)
    values = _label_array(y)
    if values.ndim == 2 and kind != "classes":
        return _of_matrix(values, kind, what)
    if values.ndim != 1:
        raise BadInput(_no_classes(values))
    name = getattr(y, "name", None)
    return _of_array(values, kind, what, "target" if name is None else str(name))


def of_columns(columns: Mapping[str, Any], kind: LabelKind | None, what: str, first: int = 0) -> Target:
    """Parse labels from one or several columns of a file or a data frame.

    Args:
        columns: by name, each (n,), of texts or numbers.
        kind: see `of_values`; None infers it: columns of numbers, of which some are not whole, are
            numbers; several columns of 0 and 1 are tags; all else is classes.
        what: for messages.
        first: the number of the first row in messages, 1 in files and 0 in arrays.

    Raises:
        BadInput: several columns for classes.
        BadData: see `of_values`.
    """
    grouped = numbers.without_groups(columns)
    plain = {**columns, **grouped}
    found = kind or _kind_of_columns(plain)
    if found == "numbers" and not any(map(is_nested, columns.values())):
        target = Target(tuple(columns), numbers.in_columns(plain, what, first))
        target = _noted(target, plain, what, first, inferred=kind is None)
        return replace(target, findings=(*about_groups(columns, grouped), *target.findings))
    if len(columns) > 1:
        if found == "classes":
            raise BadInput(
                f"{what}: classes stand in one column, but there are {_named(columns)}. Name one, or say "
                f"{spell('task', 'multilabel')} or {spell('task', 'regression')}."
            )
        return Target(*tags.in_columns(columns, what, first))
    (name,) = columns
    values = column_array(columns[name])
    if (rows := lists_in(values)) is not None:
        return _of_lists(rows, kind, what, first)
    if (row := row_without_list(values)) is not None:
        raise BadData(
            f"{what}: row {row + first} has {brief(values[row])} in the column {name!r}, where other cells "
            "are lists of tags. Leave the row out, or write [] where there is no tag."
        )
    if found == "tags":
        return Target(*_in_cells(cell_texts(values, f"{what}: the column {name!r}"), what))
    target = Target.of_classes(class_names(values, what, name, first), what)
    return _noted(target, columns, what, first, inferred=kind is None)


def label_columns(known: Iterable[str], given: str | Sequence[str]) -> tuple[str, ...]:
    """Parse the names of label columns: one name, several with commas, or a list.

    >>> label_columns(["a", "b,c"], "b,c"), label_columns(["a", "b"], "a, b")
    (('b,c',), ('a', 'b'))
    """
    if not isinstance(given, str):
        names = tuple(map(str, given))
    elif given in known:
        names = (given,)
    else:
        names = tuple(name for name in map(str.strip, given.split(",")) if name)
    if not names or len(set(names)) < len(names):
        raise BadInput(f"{spell('label_column')} is {given!r}: name each label column once.")
    return names


def _noted(
    target: Target, columns: Mapping[str, Any], what: str, first: int, *, inferred: bool = False
) -> Target:
    """The target with findings; see `about_target`."""
    found = about_target(target.labels, target.names, columns, what, first, inferred=inferred)
    return replace(target, findings=found)


def _of_lists(rows: list[list[Any]], kind: LabelKind | None, what: str, first: int) -> Target:
    """Tags by name or number, or a row of 0 and 1 (or of numbers) each."""
    matrix = as_matrix(rows)
    if matrix is not None and kind != "classes":
        return _of_matrix(matrix, kind, what)
    if kind not in (None, "tags"):
        raise BadInput(
            f"The labels are lists of names; these are tags, not {kind}: {spell('task', 'multilabel')}."
        )
    return Target(*tags.in_lists(tag_names(rows, what, first), what))


def _label_array(y: Any) -> NDArray[Any]:
    """Labels as an array in which texts and missing values stay what they are."""
    if isinstance(y, list | tuple) and any(isinstance(one, str) for one in y):
        return column_array(y)
    return as_array(y, "the labels")


def _of_array(values: NDArray[Any], kind: LabelKind | None, what: str, name: str) -> Target:
    column = {name: values}
    if kind is None:
        kind = "numbers" if values.dtype.kind in "fO" and numbers.have_fractions(column) else "classes"
    if kind == "numbers":
        return _noted(Target((name,), numbers.in_columns(column, what)), column, what, 0)
    if kind == "classes":
        return _noted(Target.of_classes(class_names(values), what), column, what, 0)
    return Target(*_in_cells(cell_texts(values, what), what))


def _of_matrix(values: NDArray[Any], kind: LabelKind | None, what: str) -> Target:
    if kind is None:
        if not (values.dtype.kind == "f" or (tags.are_flags(values) and values.shape[1] > 1)):
            raise BadInput(_no_classes(values))
        kind = "numbers" if values.dtype.kind == "f" else "tags"
    word, places = "tag" if kind == "tags" else "target", range(values.shape[1])
    names = ("target",) if kind == "numbers" and len(places) == 1 else tuple(f"{word} {n}" for n in places)
    if kind == "tags":
        return Target(*tags.in_matrix(values, names, what))
    if not names:
        raise BadInput(f"The labels have the shape {values.shape}; give a column of numbers or more.")
    columns = dict(zip(names, values.T, strict=True))
    return _noted(Target(names, numbers.in_columns(columns, what)), columns, what, 0)


def _in_cells(cells: Sequence[str], what: str) -> tags.Tags:
    flags = {cell.casefold() for cell in cells} - {""}
    if flags and flags <= tags.YES_NO.keys():
        raise BadData(
            f"{what} has one column of 0 and 1, and so two classes: say {spell('task', 'classification')}. "
            "For several "
            'tags name several columns, or write names of tags with ";" or "|" between them.'
        )
    return tags.in_cells(cells, what)


def _kind_of_columns(columns: Mapping[str, Any]) -> LabelKind:
    if len(columns) == 1 and any(map(is_nested, columns.values())):
        return "classes"
    if numbers.have_fractions(columns) or are_amounts(columns):
        return "numbers"
    if len(columns) == 1:
        return "classes"
    flags = all(str(one).strip().casefold() in tags.YES_NO for values in columns.values() for one in values)
    return "tags" if flags else "classes"


def _rows_of_lists(y: Any) -> list[list[Any]] | None:
    """The rows, if each is a list or set of names, or a text of one; None of anything else.

    Raises:
        BadData: some rows are lists, and others are not.
    """
    if is_tensor(y) or isinstance(y, str) or not hasattr(y, "__len__") or getattr(y, "ndim", 1) != 1:
        return None
    cells = list(y)
    if (row := row_without_list(cells)) is not None:
        raise BadData(
            f"Row {row} has the label {brief(cells[row])}, where others are lists of tags. Leave the row "
            "out, or write [] where there is no tag."
        )
    rows = lists_in(cells)
    if rows is None or isinstance(cells[0], str):
        return rows
    named = all(isinstance(tag, str) for row in rows for tag in row)
    return rows if named or len(set(map(len, rows))) > 1 else None


def _no_classes(values: NDArray[Any]) -> str:
    return (
        f"The labels have the shape {values.shape}; one class for each row is needed, shape (n,). Of tags "
        "there are columns of 0 and 1, (n, k) with k >= 2; columns of numbers take "
        f"{spell('task', 'regression')}."
    )


def _named(columns: Iterable[str]) -> str:
    return ", ".join(map(repr, columns))
