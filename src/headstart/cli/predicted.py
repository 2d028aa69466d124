"""What the command `predict` answers: by file, by row and by text, with what could not be read."""

import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import waiting

if TYPE_CHECKING:
    from headstart.data.columns import Columns
    from headstart.runtime.predictions import Prediction
    from headstart.runtime.predicts import Predicts


@dataclass
class Found:
    """Predictions, and what could not be predicted.

    Attributes:
        rows: a prediction each, by the name of a file, of a row or of a text.
        unread: what was not read, as sentences.
        said: what to beware of, as sentences.
    """

    rows: "list[tuple[str, Prediction]]" = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


def predict_all(
    predictor: "Predicts",
    files: list[Path],
    texts: list[str],
    roles: "Columns",
    allow_unseen: bool,
) -> Found:
    """Predictions for all that was named."""
    with waiting.step("predict"):
        if predictor.tokens is not None:
            return _predict_texts(predictor, texts_of(files, texts, roles))
        if predictor.modality.suffixes:
            return _predict_files(predictor, files)
        return _predict_rows(predictor, files, roles, allow_unseen)


def _predict_files(predictor: "Predicts", files: list[Path]) -> Found:
    """Predictions by file."""
    from headstart.core import BadData
    from headstart.data.new_items import new_files

    found, modality = Found(), predictor.modality
    for name, file in waiting.progress().count(list(new_files(files, modality.suffixes, modality.rows))):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                found.rows.append((name, predictor.predict([file])[0]))
            except BadData as error:
                found.unread.append(str(error).replace(str(file), name))
        found.said += [str(warning.message).replace(str(file), name) for warning in caught]
    return found


def _predict_rows(predictor: "Predicts", files: list[Path], roles: "Columns", allow_unseen: bool) -> Found:
    """Predictions by file and number of the row, from 1."""
    found = Found()
    for file in files:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            predicted = (
                predictor.predict(_table(predictor, file, roles), allow_unseen=allow_unseen)
                if predictor.modality.whole
                else _predict_array(predictor, file)
            )
        found.rows += [(f"{file}:{number}", row) for number, row in enumerate(predicted, 1)]
        found.said += [f"{file}: {warning.message}" for warning in caught]
    return found


def _table(predictor: "Predicts", file: Path, roles: "Columns") -> Any:
    from headstart.data.table_rows import rows_of

    assert predictor.schema is not None
    return rows_of(file, predictor.schema, roles)


def _predict_array(predictor: "Predicts", file: Path) -> "list[Prediction]":
    """Predictions for the rows of an array in a file."""
    from headstart.core import BadData, BadInput, HeadstartError
    from headstart.data.npz import SUFFIXES, samples_in

    if file.suffix.lower() not in SUFFIXES:
        raise BadInput(f"{file}: this model takes arrays of numbers, .npz with an array x, or .npy.")
    try:
        return predictor.predict(samples_in(file))
    except HeadstartError as reason:
        raise BadData(f"{file}: {reason}") from reason


def _predict_texts(predictor: "Predicts", texts: list[tuple[str, str]]) -> Found:
    """Predictions by the name of the text."""
    from headstart.data.new_texts import too_long

    found, full = Found(), [(name, text) for name, text in texts if text.strip()]
    predicted = predictor.predict([text for _, text in full])
    found.rows = [(name, row) for (name, _), row in zip(full, predicted, strict=True)]
    found.unread = [f"{name} is empty." for name, text in texts if not text.strip()]
    if predictor.tokens is not None and full:
        cut = predictor.tokens.ids([text for _, text in full])[1]
        found.said = [too_long(cut, predictor.tokens.limit)] if cut.any() else []
    return found


def texts_of(files: list[Path], given: list[str], roles: "Columns") -> list[tuple[str, str]]:
    """A name and the words of each text; the words may be empty.

    A given text is named by its words, one in a file by the file and the number of its line or row, from 1.

    Raises:
        BadData: a file can't be read, or has no such column.
    """
    from headstart.data.new_texts import new_texts

    return [*((text, text) for text in given), *(one for file in files for one in new_texts(file, roles))]
