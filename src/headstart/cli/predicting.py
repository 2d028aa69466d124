"""The command `predict`: labels for new items, by a finished run or a saved model."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import output
from .engines import Engine, open_by_engine
from .options import RUNNING, Device, Quiet
from .predicted import predict_all

if TYPE_CHECKING:
    from headstart.data.columns import Columns
    from headstart.runtime.predictions import Prediction
    from headstart.runtime.predicts import Predicts


def predict(
    run: Annotated[
        Path,
        typer.Argument(help="A run folder, the model folder in it, an .onnx file, or a file of adapters."),
    ],
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
    engine: Annotated[
        Engine,
        typer.Option(
            metavar="auto|onnx|torch",
            help="What computes: onnx, by the folder's model.onnx on the processor, which starts in a "
            "fraction of a second; torch; auto takes onnx where it can, and torch for any --device but cpu.",
            rich_help_panel=RUNNING,
        ),
    ] = "auto",
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

    form = _form(json, csv, out, replace, files or [])
    predictor, note = open_by_engine(run, engine, device, backbone)
    if not files and not text:
        raise BadInput(_nothing(predictor))
    roles = _roles(predictor, Columns(text=text_column, encoding=encoding, sheet=sheet).parsed(columns))
    _decide(predictor, abstain, threshold)
    if text and predictor.tokens is None:
        raise BadInput(f"The model in {run} takes no texts. Name files.")
    found = predict_all(predictor, files or [], text or [], roles, allow_unseen)
    for sentence in () if quiet else (*note, *found.said):
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
    from headstart.runtime.prediction_files import require_writable

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
    rows: "list[tuple[str, Prediction]]", predictor: "Predicts", out: Path, replace: bool, quiet: bool
) -> None:
    """Write predictions by the name of their item to a file, and say so."""
    from headstart.runtime.prediction_files import PredictedRows, write_rows

    names, predictions = [name for name, _ in rows], [row for _, row in rows]
    whole = PredictedRows(names, predictions, predictor.label_kind, predictor.classes)
    write_rows(whole, out, replace=replace)
    if not quiet:
        output.line(f"{out}: {len(rows):,} prediction{'' if len(rows) == 1 else 's'}.")


def _nothing(predictor: "Predicts") -> str:
    if predictor.tokens is not None:
        return "There is nothing to predict. Name files of texts, or write --text 'A text.'"
    modality = predictor.modality
    what = "tables" if modality.whole else f"{modality.rows} or folders of them"
    return f"There is nothing to predict. Name {what if modality.suffixes or modality.whole else 'files'}."


def _roles(predictor: "Predicts", roles: "Columns") -> "Columns":
    """The roles of columns in files of new rows; those that the model has no use for are refused."""
    modality = predictor.modality
    if modality.whole:
        roles.refuse("this model takes the columns of tables", "text_column", way="leave it out")
    elif predictor.tokens is None:
        roles.refuse(f"this model takes {modality.description}", way="leave it out")
    return roles


def _decide(predictor: "Predicts", abstain: float | None, threshold: float | None) -> None:
    """Let the model decide otherwise than it was saved; None: as it was."""
    if abstain is not None:
        predictor.abstain = _threshold(predictor, abstain)
    if threshold is not None:
        predictor.threshold = predictor.decision.moved(threshold).threshold


def _threshold(predictor: "Predicts", abstain: float) -> float:
    from headstart.core import BadInput

    if not 0 <= abstain <= 1:
        raise BadInput(f"--abstain is {abstain}; it must be in [0, 1].")
    if predictor.label_kind != "classes":
        raise BadInput(f"--abstain is {abstain}; it goes with classes, not {predictor.label_kind}.")
    return abstain
