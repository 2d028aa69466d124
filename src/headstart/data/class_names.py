"""Names of classes from texts or numbers; a row without a label is refused."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.core import BadData

from .columns import are_str, brief, cell_texts, whole_names
from .frames import objects
from .spellings import MISSING

NO_LABEL = (MISSING | {"inf", "-inf", "Infinity"}) - {""}  # texts that stand for no label


def class_names(y: NDArray[Any], what: str = "", column: str = "", first: int = 0) -> list[str]:
    """Class name of each row (n,), from names or whole numbers.

    Args:
        y: texts, numbers or objects.
        what: the file or frame, for messages; "" for labels that were passed alone.
        column: name of its column.
        first: the number of the first row in messages.

    Raises:
        BadData: a row without a label, such as NaN, None or the text "NA", or a number with a fraction.
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
    if not all(text.strip() and text not in NO_LABEL for text in said):
        row = next(row for row, text in enumerate(texts) if not text.strip() or text in NO_LABEL)
        raise BadData(_no_label(cells[row], texts[row], row + first, what, column))
    return texts


def _class_texts(cells: list[Any], what: str, column: str) -> list[str]:
    source = f"{what}: the column {column!r}" if what else "The labels"
    return whole_names(cell_texts(objects(cells), source, strip=bool(what)))


def _refuse_fractions(cells: list[Any], place: str, first: int) -> None:
    for row, value in enumerate(cells, first):
        if isinstance(value, float) and np.isfinite(value) and not value.is_integer():
            raise BadData(
                f"{place} {row} has the label {value:g}; classes are names or whole numbers. To learn "
                'numbers, say task="regression".'
            )


def _no_label(value: Any, text: str, row: int, what: str, column: str) -> str:
    said = brief(value) if text.strip() else "nothing"
    stands = ", which stands for no label" if text.strip() else ""
    where = f"{what}: row {row} has {said} in the column {column!r}"
    has = where if what else f"Row {row} has no label: {value!r}"
    return f"{has}{stands}. Leave the row out, or give it a label with another name."
