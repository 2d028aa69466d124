"""Predictions as columns, and as files: CSV, TSV, JSON, JSON lines, Parquet."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headstart.core import BadInput, CannotWrite, LabelKind, MissingPackage
from headstart.core.atomic_file import write_atomically
from headstart.data.formulas import quote_formula
from headstart.face import spell
from headstart.runtime.predictions import PredictedClass, PredictedNumbers, PredictedTags, Prediction

BETWEEN = ";"  # of tags in a cell, as `hs.data.load` takes them
DIGITS = 9  # that tell any two float32 apart
FIRST = {"classes": ("label", "probability"), "tags": ("tags",), "numbers": ()}  # columns before the outputs
ITEM = "file"  # the column of names of items


@dataclass(frozen=True)
class PredictedRows:
    """Predictions for n items.

    Attributes:
        items: names of the items, such as their files.
        predictions: for each item.
        kind: of the labels.
        outputs: names of the classes, tags or numbers.
    """

    items: Sequence[str]
    predictions: Sequence[Prediction]
    kind: LabelKind
    outputs: Sequence[str]

    @property
    def headings(self) -> list[str]:
        """The names of the columns: the item, what is predicted, every class, tag or number."""
        first = [ITEM, *FIRST[self.kind]]
        return [*first, *(f"predicted {name}" if name in first else name for name in self.outputs)]

    def cells(self) -> Iterator[list[Any]]:
        """The cells of each row in the order of the headings; several tags are joined by ";"."""
        for item, predicted in zip(self.items, self.predictions, strict=True):
            yield [item, *_first(predicted), *(_values(predicted)[name] for name in self.outputs)]

    def columns(self) -> dict[str, list[Any]]:
        """The columns by name."""
        rows = list(self.cells())
        return {name: [row[place] for row in rows] for place, name in enumerate(self.headings)}

    def as_csv(self, delimiter: str = ",") -> str:
        """CSV; probabilities have six decimals, numbers nine digits, and no name is run as a formula."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n", delimiter=delimiter)
        writer.writerow(map(quote_formula, self.headings))
        form = f".{DIGITS}g" if self.kind == "numbers" else ".6f"
        for row in self.cells():
            writer.writerow(
                [format(cell, form) if isinstance(cell, float) else quote_formula(cell) for cell in row]
            )
        return text.getvalue()

    def as_objects(self) -> list[dict[str, Any]]:
        """JSON values of each row, with the probabilities or values by name inside."""
        pairs = zip(self.items, self.predictions, strict=True)
        return [{ITEM: item} | vars(predicted) for item, predicted in pairs]


def write_rows(rows: PredictedRows, file: Path, *, replace: bool = False) -> None:
    """Write predictions to a file in the format of its ending, whole or not at all.

    Raises:
        BadInput: another ending.
        CannotWrite: the file is there and not to be replaced, or there is no space or no right.
        MissingPackage: Parquet without pyarrow.
    """
    require_writable(file, replace=replace)
    write_atomically(file, FORMATS[file.suffix.lower()](rows))


def require_writable(file: Path, *, replace: bool = False) -> None:
    """Refuse a file of another ending, or one that is there and not to be replaced; see `write_rows`."""
    if file.suffix.lower() not in FORMATS:
        raise BadInput(f"{file}: predictions are written to {', '.join(FORMATS)}, by the ending of the file.")
    if file.is_dir() or (file.exists() and not replace):
        raise CannotWrite(
            f"{file} is there already. Name another file, or replace it: {spell('replace', True)}."
        )


def _first(predicted: Prediction) -> list[Any]:
    if isinstance(predicted, PredictedClass):
        return [predicted.label, predicted.probability]
    return [BETWEEN.join(predicted.tags)] if isinstance(predicted, PredictedTags) else []


def _values(predicted: Prediction) -> Mapping[str, float]:
    return predicted.values if isinstance(predicted, PredictedNumbers) else predicted.probabilities


def _parquet(rows: PredictedRows) -> bytes:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise MissingPackage("pyarrow", "Writing Parquet files", "tables") from error
    stream = io.BytesIO()
    parquet.write_table(pyarrow.table(rows.columns()), stream)
    return stream.getvalue()


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")


FORMATS: dict[str, Callable[[PredictedRows], bytes]] = {
    ".csv": lambda rows: _utf8(rows.as_csv()),
    ".tsv": lambda rows: _utf8(rows.as_csv("\t")),
    ".json": lambda rows: _utf8(json.dumps(rows.as_objects(), indent=1, ensure_ascii=False) + "\n"),
    ".jsonl": lambda rows: _utf8(
        "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows.as_objects())
    ),
    ".parquet": _parquet,
}


def names_of(items: Any, count: int) -> list[str]:
    """A name for each of `count` items: its path or text, the line of its file, or its number."""
    if isinstance(items, str | Path):
        return [f"{items}:{number}" for number in range(1, count + 1)]
    named = isinstance(items, list | tuple) and all(isinstance(item, str | Path) for item in items)
    return [str(item) for item in items] if named else [f"row {number}" for number in range(count)]
