"""Columns of data frames: pandas, polars, Arrow tables, and objects with their exchange protocols."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.core import BadData, BadInput, MissingPackage
from headstart.core.schema import ColumnKind

_INDEX = re.compile(r"__index_level_[0-9]+__")  # what pandas calls an index without a name in a file


def is_frame(value: Any) -> bool:
    """Whether `value` is a data frame, an Arrow table, or can hand over one."""
    if isinstance(value, type) or hasattr(value, "dtype") or hasattr(value, "chunks"):  # one column
        return False
    if hasattr(value, "columns") and hasattr(value, "dtypes"):
        return True
    return hasattr(value, "__dataframe__") or hasattr(value, "__arrow_c_stream__")


def settled(source: Any) -> Any:
    """A frame that can be read only by an exchange protocol as a pyarrow table: some streams end once read.

    Anything else is returned as it is.
    """
    own = hasattr(source, "iloc") or hasattr(source, "get_columns")
    return as_arrow(source) if is_frame(source) and not own else source


def refuse_other_order(frame: Any, beside: Any, what: str) -> None:
    """Refuse a column of pandas beside a frame with the same index in another order: rows go by their place.

    Raises:
        BadInput: it is so.
    """
    mine: Any = getattr(frame, "index", None)
    other: Any = getattr(beside, "index", None)
    if not hasattr(mine, "is_unique") or not hasattr(other, "is_unique") or len(mine) != len(other):
        return
    if mine.is_unique and not mine.equals(other) and set(mine) == set(other):
        raise BadInput(
            f"The index of the {what} has another order than that of the frame, and rows go by their place. "
            f"Give {what}.loc[frame.index], or {what}.to_numpy() if the places are right."
        )


def frame_columns(frame: Any) -> dict[str, NDArray[Any]]:
    """Columns (n,) of a frame by name; missing cells are NaN, NaT or None, lists stay lists.

    Raises:
        BadInput: a lazy frame, or an object whose columns can't be read.
        BadData: two columns have the same name.
        MissingPackage: an object that needs pyarrow to be read.
    """
    if hasattr(frame, "iloc"):  # pandas
        names = unique_names(frame.columns, "The data frame")
        return {name: frame.iloc[:, place].to_numpy() for place, name in enumerate(names)}
    if hasattr(frame, "get_columns"):  # polars
        return {str(column.name): _polars(column) for column in frame.get_columns()}
    table = as_arrow(frame)
    names = unique_names(table.column_names, "The table")
    return {name: _decoded(table, place) for place, name in enumerate(names) if not _INDEX.fullmatch(name)}


def frame_kinds(frame: Any) -> dict[str, ColumnKind]:
    """Columns that a frame declares categorical, even if they hold numbers."""
    if hasattr(frame, "dtypes"):
        types = [str(one) for one in frame.dtypes]
    elif is_frame(frame):
        frame = as_arrow(frame)
        types = _arrow_kinds(frame.schema)
    else:
        return {}
    names = frame.column_names if hasattr(frame, "column_names") else frame.columns
    declared = ("category", "Categorical", "Enum")
    return {
        str(name): "categorical" for name, kind in zip(names, types, strict=True) if kind.startswith(declared)
    }


def _arrow_kinds(schema: Any) -> list[str]:
    """The word "category" for each categorical column, which Parquet may keep in pandas' metadata alone."""
    known = (schema.pandas_metadata or {}).get("columns", [])
    declared = {column.get("name") for column in known if column.get("pandas_type") == "categorical"}
    pairs = zip(schema.names, schema.types, strict=True)
    are = [name in declared or str(kind).startswith("dictionary") for name, kind in pairs]
    return ["category" if one else "" for one in are]


def as_arrow(frame: Any) -> Any:
    """A pyarrow table of a frame.

    Raises:
        BadInput: the object does not hand over its columns.
        MissingPackage: pyarrow is not there.
    """
    name = type(frame).__name__
    if hasattr(frame, "collect") and not hasattr(frame, "__arrow_c_stream__"):
        raise BadInput(f"The {name} is not computed yet. Give what its collect() returns.")
    try:
        import pyarrow
        from pyarrow import interchange
    except ImportError as error:
        raise MissingPackage("pyarrow", f"Reading a {name}", "tables") from error
    if isinstance(frame, pyarrow.Table):
        return frame
    try:
        if hasattr(frame, "__arrow_c_stream__"):
            return pyarrow.RecordBatchReader.from_stream(frame).read_all()
        return interchange.from_dataframe(frame)
    except Exception as error:  # whatever the foreign object raises
        raise BadInput(f"The columns of the {name} can't be read: {error}. Give a pandas frame.") from error


def objects(values: Iterable[Any]) -> NDArray[Any]:
    """Values of any kind, lists among them, as an object array (n,)."""
    cells = list(values)
    found = np.empty(len(cells), dtype=object)
    if all(type(cell) is str for cell in cells):
        found[:] = cells
        return found
    for place, cell in enumerate(cells):
        found[place] = cell
    return found


def unique_names(names: Iterable[Any], what: str) -> list[str]:
    """Column names as texts; `BadData` if one occurs twice."""
    found: dict[str, None] = {}
    for name in map(str, names):
        if name in found:
            raise BadData(f"{what} has two columns called {name!r}. Rename one of them.")
        found[name] = None
    return list(found)


def _polars(column: Any) -> NDArray[Any]:
    kind = column.dtype
    if kind.is_integer() or kind.is_float() or kind.is_temporal():
        values: NDArray[Any] = column.to_numpy()
        return values
    return objects(column.to_list())


def _decoded(table: Any, place: int) -> NDArray[Any]:
    """A column of an Arrow table; class numbers of Hugging Face's files become their names."""
    import pyarrow.types as types

    column, kind = table.column(place), table.schema.types[place]
    names = class_names_in(table.schema).get(table.column_names[place])
    if names is not None:
        return objects(named_class(number, names) for number in column.to_pylist())
    if types.is_integer(kind) or types.is_floating(kind) or types.is_date(kind) or types.is_timestamp(kind):
        values: NDArray[Any] = column.to_numpy()
        return values
    return objects(column.to_pylist())


def named_class(number: Any, names: Sequence[str]) -> str | None:
    """Name of a class by its number; None for a row without one, which has -1 or none."""
    if not isinstance(number, int | np.integer) or number < 0:
        return None
    return str(names[int(number)]) if number < len(names) else str(number)


def class_names_in(schema: Any) -> dict[str, list[str]]:
    """Class names by column, as Hugging Face datasets write them into an Arrow schema."""
    try:
        written = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        features = written.get("info", {}).get("features", {})
        return {
            str(name): [str(one) for one in feature["names"]]
            for name, feature in features.items()
            if isinstance(feature, dict) and feature.get("_type") == "ClassLabel" and feature.get("names")
        }
    except (ValueError, AttributeError):
        return {}


def are_tables(values: Any) -> bool:
    """Whether `values` is a data frame, a structured array, a mapping of columns, or rows as mappings."""
    if isinstance(values, Mapping) or is_frame(values):
        return True
    if isinstance(values, list):
        return bool(values) and isinstance(values[0], Mapping)
    return isinstance(values, np.ndarray) and bool(values.dtype.names)
