"""Names of classes from texts or numbers; a row without a label has none."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.core import BadData
from headstart.face import spell

from .columns import are_str, cell_texts, whole_names
from .frames import objects
from .spellings import MISSING

INFINITE = frozenset(["inf", "-inf", "Infinity"])  # which name nothing


def class_names(y: NDArray[Any], what: str = "", column: str = "", first: int = 0) -> list[str]:
    """Class name of each row (n,), from names or whole numbers; "" of one without a label.

    A row has none if its cell is empty, None, NaN or a text that stands for these, such as "NA".

    Args:
        y: texts, numbers or objects.
        what: the file or frame, for messages; "" for labels that were passed alone.
        column: name of its column.
        first: the number of the first row in messages.

    Raises:
        BadData: infinity, a number with a fraction, or no row with a label.
    """
    cells = y.tolist()
    if are_str(cells):  # each name once, as there may be a million rows
        names = dict.fromkeys(cells)
        said = _class_texts(list(names), what, column)
        names = dict(zip(names, said, strict=True))
        texts = [names[cell] for cell in cells]
    else:
        texts = said = _class_texts(cells, what, column)
        _refuse_fractions(cells, f"{what}: row" if what else "Row", first)
    if infinite := INFINITE.intersection(said):
        row = next(row for row, text in enumerate(texts) if text in infinite)
        place = f"{what}: row {row + first}" if what else f"Row {row + first}"
        raise BadData(f"{place} has the label {texts[row]!r}. Correct it, or leave it empty.")
    return ["" if text.strip() in MISSING else text for text in texts]


def _class_texts(cells: list[Any], what: str, column: str) -> list[str]:
    source = f"{what}: the column {column!r}" if what else "The labels"
    return whole_names(cell_texts(objects(cells), source, strip=bool(what)))


def _refuse_fractions(cells: list[Any], place: str, first: int) -> None:
    for row, value in enumerate(cells, first):
        if isinstance(value, float) and np.isfinite(value) and not value.is_integer():
            raise BadData(
                f"{place} {row} has the label {value:g}; classes are names or whole numbers. To learn "
                f"numbers, say {spell('task', 'regression')}."
            )
