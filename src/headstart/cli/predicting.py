"""The command `predict`: labels for new items, by a finished run or a saved model."""

import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import output, waiting
from .options import Device, Quiet

if TYPE_CHECKING:
    from headstart.data.columns import Columns
    from headstart.predictor.predictions import Prediction
    from headstart.predictor.predictor import Predictor


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


def predict(
    run: Annotated[Path, typer.Argument(help="A run folder, the model folder in it, or a file of adapters.")],
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Pictures or sounds, or folders of them at any depth; for a model of texts, files with a "
            "text a line, folders of .txt files, CSV, JSON lines and Parquet files; for a model of tables, "
            "CSV, JSON lines, Parquet, Excel or .h5ad files. A .zip counts as what is in it.",
            show_default=False,
        ),
    ] = None,
    text: Annotated[
        list[str] | None, typer.Option(help="A text; may be given several times.", show_default=False)
    ] = None,
    text_column: Annotated[
        str | None,
        typer.Option(
            help="Of a CSV or Parquet file: where the texts are. Default: text.", show_default=False
        ),
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option(
            help="Names of the columns of a CSV file without a line of names, separated by commas.",
            show_default=False,
        ),
    ] = None,
    encoding: Annotated[
        str | None,
        typer.Option(
            help="Encoding of CSV, JSON lines or .txt files, such as latin-1. Default: UTF-8.",
            show_default=False,
        ),
    ] = None,
    sheet: Annotated[
        str | None,
        typer.Option(help="Sheet of a spreadsheet. Default: the only one with rows.", show_default=False),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Write the predictions to this file instead: .csv, .tsv, .json, .jsonl or .parquet.",
            show_default=False,
        ),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace the file if it is there.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON with all probabilities.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV with all probabilities.")] = False,
    abstain: Annotated[float | None, typer.Option(help="Predict 'unsure' below this probability.")] = None,
    threshold: Annotated[
        float | None,
        typer.Option(
            help="Of two classes: predict the positive one from this probability on, in [0, 1].",
            show_default=False,
        ),
    ] = None,
    allow_unseen: Annotated[
        bool,
        typer.Option(
            "--allow-unseen", help="Of tables: all rows may have a name in a column that no training row had."
        ),
    ] = False,
    backbone: Annotated[
        str | None,
        typer.Option(
            help="Of a file of adapters: the backbone that they are for, by another name or in a folder.",
            show_default=False,
        ),
    ] = None,
    device: Device = "auto",
    quiet: Quiet = False,
) -> None:
    """Predict labels for new pictures, texts or rows; unreadable ones are listed at the end (exit code 3).

    Examples:
        headstart predict run new-photos/
        headstart predict adapters.safetensors new-photos/
    """
    from headstart.core import BadData, BadInput
    from headstart.data.columns import Columns
    from headstart.predictor.predictor import open_model

    form = _form(json, csv, out, replace, files or [])
    predictor = open_model(run, backbone=backbone).to(device)
    if not files and not text:
        raise BadInput(_nothing(predictor))
    roles = _roles(predictor, Columns(text=text_column, encoding=encoding, sheet=sheet).parsed(columns))
    _decide(predictor, abstain, threshold)
    if text and predictor.tokens is None:
        raise BadInput(f"The model in {run} takes no texts. Name files.")
    found = _predict_all(predictor, files or [], text or [], roles, allow_unseen)
    for sentence in () if quiet else found.said:
        output.prose(sentence, stderr=True)
    if out is not None:
        _write(found.rows, predictor, out, replace, quiet)
    elif found.rows or form != "table":
        output.predictions(found.rows, predictor, form, "file" if files else "text")
    if found.unread:
        what = "files" if predictor.tokens is None else "texts"
        total, were = len(found.unread) + len(found.rows), "was" if len(found.unread) == 1 else "were"
        share = f"{len(found.unread)} of {total} {what} {were} not read.\n" if total > 1 else ""
        more = [f"And {len(found.unread) - 5} more."] if len(found.unread) > 5 else []
        raise BadData(share + "\n".join([*found.unread[:5], *more]))


def _form(json: bool, csv: bool, out: Path | None, replace: bool, files: list[Path]) -> output.Form:
    """How to print; a file that can't be written is refused before anything is computed."""
    from headstart.core import BadInput
    from headstart.predictor.prediction_files import require_writable

    if json + csv + (out is not None) > 1:
        raise BadInput("Choose one of --json, --csv and --out.")
    if replace and out is None:
        raise BadInput("--replace goes with --out, the file that it replaces.")
    if out is not None:
        if out.resolve() in [file.resolve() for file in files]:
            raise BadInput(f"--out {out} is a file to be predicted. Name another one.")
        require_writable(out, replace=replace)
    return "json" if json else "csv" if csv else "table"


def _write(
    rows: "list[tuple[str, Prediction]]", predictor: "Predictor", out: Path, replace: bool, quiet: bool
) -> None:
    """Write predictions by the name of their item to a file, and say so."""
    from headstart.predictor.prediction_files import PredictedRows, write_rows

    names, predictions = [name for name, _ in rows], [row for _, row in rows]
    whole = PredictedRows(names, predictions, predictor.label_kind, predictor.classes)
    write_rows(whole, out, replace=replace)
    if not quiet:
        output.line(f"{out}: {len(rows):,} prediction{'' if len(rows) == 1 else 's'}.")


def _nothing(predictor: "Predictor") -> str:
    if predictor.tokens is not None:
        return "There is nothing to predict. Name files of texts, or write --text 'A text.'"
    modality = predictor.modality
    what = "tables" if modality.whole else f"{modality.rows} or folders of them"
    return f"There is nothing to predict. Name {what if modality.suffixes or modality.whole else 'files'}."


def _roles(predictor: "Predictor", roles: "Columns") -> "Columns":
    """The roles of columns in files of new rows; those that the model has no use for are refused."""
    modality = predictor.modality
    if modality.whole:
        roles.refuse("this model takes the columns of tables", "text_column", way="leave it out")
    elif predictor.tokens is None:
        roles.refuse(f"this model takes {modality.description}", way="leave it out")
    return roles


def _decide(predictor: "Predictor", abstain: float | None, threshold: float | None) -> None:
    """Let the model decide otherwise than it was saved; None: as it was."""
    if abstain is not None:
        predictor.abstain = _threshold(predictor, abstain)
    if threshold is not None:
        predictor.threshold = predictor.decision.moved(threshold).threshold


def _threshold(predictor: "Predictor", abstain: float) -> float:
    from headstart.core import BadInput

    if not 0 <= abstain <= 1:
        raise BadInput(f"--abstain is {abstain}; it must be in [0, 1].")
    if predictor.label_kind != "classes":
        raise BadInput(f"--abstain is {abstain}; it goes with classes, not {predictor.label_kind}.")
    return abstain


def _predict_all(
    predictor: "Predictor",
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


def _predict_files(predictor: "Predictor", files: list[Path]) -> Found:
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


def _predict_rows(predictor: "Predictor", files: list[Path], roles: "Columns", allow_unseen: bool) -> Found:
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


def _table(predictor: "Predictor", file: Path, roles: "Columns") -> Any:
    from headstart.data.table_rows import rows_of

    assert predictor.schema is not None
    return rows_of(file, predictor.schema, roles)


def _predict_array(predictor: "Predictor", file: Path) -> "list[Prediction]":
    """Predictions for the rows of an array in a file."""
    from headstart.core import BadData, BadInput, HeadstartError
    from headstart.data.npz import SUFFIXES, samples_in

    if file.suffix.lower() not in SUFFIXES:
        raise BadInput(f"{file}: this model takes arrays of numbers, .npz with an array x, or .npy.")
    try:
        return predictor.predict(samples_in(file))
    except HeadstartError as reason:
        raise BadData(f"{file}: {reason}") from reason


def _predict_texts(predictor: "Predictor", texts: list[tuple[str, str]]) -> Found:
    """Predictions by the name of the text."""
    from headstart.data.texts import too_long

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
    from headstart.data.manifest import new_texts

    return [*((text, text) for text in given), *(one for file in files for one in new_texts(file, roles))]
