"""What is to be explained, one item after the other, with a name each."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from headstart.core import BadInput
from headstart.data.columns import Columns
from headstart.data.new_items import new_files, sequence_of, several
from headstart.data.new_texts import new_texts
from headstart.data.npz import SUFFIXES, samples_in
from headstart.data.table_rows import rows_of
from headstart.predictor.predictor import Predictor
from headstart.runtime.prediction_files import names_of

One = tuple[str, Any]  # a name, and what `Predictor.explain` takes for this item


def read_items(items: Any, texts: Sequence[str], predictor: Predictor, roles: Columns) -> list[One]:
    """The items in their order.

    Args:
        items: what `predict` takes; paths are files and folders of it, a text of a model of texts is one.
        texts: more of them.
        predictor: which takes them.
        roles: of columns in files of new rows.

    Raises:
        BadData: a file can't be read or holds something else.
        BadInput: texts for a model that takes none.
    """
    if texts and predictor.tokens is None:
        raise BadInput(f"The model takes {predictor.modality.description}, no texts. Name files.")
    given = [] if items is None else items
    if predictor.tokens is not None:
        return [*_texts(given, roles), *((text, text) for text in texts)]
    paths = [given] if isinstance(given, str | Path) else given
    named = isinstance(paths, list | tuple) and all(isinstance(path, str | Path) for path in paths)
    if predictor.schema is not None:
        return [one for part in (paths if named else [given]) for one in _rows(part, predictor, roles)]
    if named and predictor.modality.suffixes:
        places, modality = map(Path, paths), predictor.modality
        return [(name, [file]) for name, file in new_files(places, modality.suffixes, modality.rows)]
    if named:
        return [one for path in paths for one in _arrays(Path(path))]
    given = predictor.modality.listed(sequence_of(several(given, predictor.preprocess is not None)))
    names = names_of(given, len(given))
    return [(name, given[place : place + 1]) for place, name in enumerate(names)]


def _texts(given: Any, roles: Columns) -> Iterator[One]:
    for item in [given] if isinstance(given, str | Path) else given:
        found = new_texts(item, roles) if isinstance(item, Path) else [(item, item)]
        yield from ((name, text) for name, text in found if not isinstance(text, str) or text.strip())


def _rows(given: Any, predictor: Predictor, roles: Columns) -> Iterator[One]:
    assert predictor.schema is not None
    table = rows_of(given, predictor.schema, roles if isinstance(given, str | Path) else None)
    for place, name in enumerate(names_of(given, len(table))):
        yield name, table.take([place])  # type: ignore[arg-type]  # an index as numpy takes it


def _arrays(file: Path) -> Iterator[One]:
    if file.suffix.lower() not in SUFFIXES:
        raise BadInput(f"{file}: this model takes arrays of numbers, .npz with an array x, or .npy.")
    rows = samples_in(file)
    yield from ((f"{file}:{number}", rows[number - 1 : number]) for number in range(1, len(rows) + 1))
