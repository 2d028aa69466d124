"""Names of columns that are given where a data set is meant."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from headstart.core import BadInput, HeadstartError
from headstart.face import spell

from .load import is_name
from .table_files import SUFFIXES, read_table

MODELS = (  # inputs that are no rows
    *("backbone", "backbones", "weights", "model", "run"),
    *("image_backbone", "text_backbone", "query"),
)


def refuse_column_as_data(given: Mapping[str, Any]) -> None:
    """Refuse an input, such as a target domain, that is the name of a column in the file of another one.

    Args:
        given: inputs by name, as `load` takes them, or lists of them.

    Raises:
        BadInput: one is a column; the options that choose columns are named.
    """
    given = {name: value for name, value in given.items() if name not in MODELS}
    files = [Path(one).expanduser() for value in given.values() for one in _texts(value)]
    tables = [file for file in files if file.suffix.lower() in SUFFIXES and file.is_file()]
    for name, value in given.items():
        for text in _texts(value):
            if Path(text).expanduser().exists() or is_name(text):
                continue
            for table in tables:
                if text in _columns(table):
                    raise BadInput(
                        f"{spell(name, text)} is a column of {table}, and {spell(name)} takes a data set of "
                        "its own: a "
                        f"folder, a file or a name. The column to predict is named by "
                        f"{spell('label_column', text)}; others by {spell('text_column')}, "
                        f"{spell('path_column')}, ..."
                    )


def _texts(value: Any) -> Iterator[str]:
    several = value if isinstance(value, list | tuple) else (value,)
    yield from (str(one) for one in several if isinstance(one, str | Path))


def _columns(table: Path) -> set[str]:
    """Names of the columns of a file; none if it can't be read, which is said where it is loaded."""
    try:
        return set(read_table(table))
    except HeadstartError:
        return set()
