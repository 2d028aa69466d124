"""Commands that use a finished run: `predict`, `export`, `report`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import say
from .texts import texts_of

if TYPE_CHECKING:
    from headstart.study.predictor import Prediction, Predictor

    Labelled = tuple[list[tuple[str, Prediction]], list[str]]

Run = Annotated[Path, typer.Argument(help="A run folder, or the model folder in it.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(predict)
    app.command()(export)
    app.command()(report)


def predict(
    run: Run,
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Pictures, or folders of pictures at any depth; for a model of texts, files with a text a "
            "line, or CSV and Parquet files; for a model of tables, CSV, Parquet or .h5ad files.",
            show_default=False,
        ),
    ] = None,
    text: Annotated[
        list[str] | None, typer.Option(help="A text; may be given several times.", show_default=False)
    ] = None,
    text_column: Annotated[str, typer.Option(help="Of a CSV or Parquet file: where the texts are.")] = "text",
    json: Annotated[bool, typer.Option("--json", help="Print JSON with all probabilities.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV with all probabilities.")] = False,
    abstain: Annotated[float | None, typer.Option(help="Say 'unsure' below this probability.")] = None,
) -> None:
    """Label new pictures, texts or rows; what can't be read is named at the end, and the exit code is 3."""
    from headstart.core import BadData, BadInput
    from headstart.study.predictor import open_model

    if json and csv:
        raise BadInput("Choose one of --json and --csv.")
    if not files and not text:
        raise BadInput("There is nothing to label. Name files, or write --text 'A text.'")
    predictor = open_model(run)
    if abstain is not None:
        if not 0 <= abstain <= 1:
            raise BadInput(f"--abstain is {abstain}; it must be in [0, 1].")
        predictor.abstain = abstain
    if predictor.tokens is not None:
        answers, unread = _label_texts(predictor, texts_of(files or [], text or [], text_column))
    elif text:
        raise BadInput(f"The model in {run} takes no texts. Name files.")
    else:
        answers, unread = _label_files(predictor, files or [])
    _print(answers, predictor.classes, "json" if json else "csv" if csv else "")
    if unread:
        what = "files" if predictor.tokens is None else "texts"
        raise BadData(
            f"{len(unread)} of {len(answers) + len(unread)} {what} were not read. " + " ".join(unread[:5])
        )


def _label_files(predictor: "Predictor", files: list[Path]) -> "Labelled":
    if predictor.schema is not None:
        return _label_rows(predictor, files), []
    return _label_pictures(predictor, _pictures(files))


def _label_pictures(predictor: "Predictor", files: list[Path]) -> "Labelled":
    """Answers by file, and what is to be said of those that can't be read."""
    from headstart.core import BadData

    answers: list[tuple[str, Prediction]] = []
    unread: list[str] = []
    for file in files:
        try:
            answers += [(str(file), predictor.predict([file])[0])]
        except BadData as error:
            unread.append(str(error))
    return answers, unread


def _label_rows(predictor: "Predictor", files: list[Path]) -> "list[tuple[str, Prediction]]":
    """Answers by file and number of the row, from 1; names that are new to the model are told of."""
    answers: list[tuple[str, Prediction]] = []
    for file in files:
        said = predictor.predict(file)
        answers += [(f"{file}:{number}", answer) for number, answer in enumerate(said, 1)]
        for column, count in predictor.unseen.items():
            say.aside(f"{file}: {count} rows have a name in {column!r} that no training row had.")
    return answers


def _label_texts(predictor: "Predictor", found: list[tuple[str, str]]) -> "Labelled":
    """Answers by name of the text, and what is to be said of those that are empty."""
    full = [(name, text) for name, text in found if text.strip()]
    said = predictor.predict([text for _, text in full])
    unread = [f"{name} is empty." for name, text in found if not text.strip()]
    return [(name, answer) for (name, _), answer in zip(full, said, strict=True)], unread


def export(
    run: Run,
    file: Annotated[Path, typer.Argument(help="Where to write it; the ending says the format: .onnx.")],
) -> None:
    """Write the model in another format and check that it answers alike there."""
    from headstart.study.export import export_model
    from headstart.study.predictor import open_model

    difference = export_model(open_model(run), file)
    say.line(f"{file}: probabilities differ from torch's by {difference:.1e} at most.")


def report(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
) -> None:
    """Make the report of a finished run anew, from its records."""
    from headstart.core import BadInput
    from headstart.report import build

    if not any((run / name).exists() for name in ("result.json", "curve.json", "yosinski.json")):
        raise BadInput(f"{run} holds no result.json. Finish the run first: headstart adapt ... --resume.")
    say.line(str(build(run)))


def _pictures(files: list[Path]) -> list[Path]:
    """Files as they are, folders as the files in them."""
    from headstart.core import BadData
    from headstart.data.folder import PICTURES

    found: list[Path] = []
    for file in files:
        inside = [file]
        if file.is_dir():
            inside = sorted(path for path in file.rglob("*") if path.suffix.lower() in PICTURES)
            inside = [path for path in inside if path.is_file() and not path.name.startswith(".")]
            if not inside:
                raise BadData(f"There are no pictures in the folder {file}. Give another, or files by name.")
        found += inside
    return found


def _print(answers: list, classes: tuple[str, ...], form: str) -> None:  # type: ignore[type-arg]
    if form == "json":
        say.as_json([{"file": file, **vars(answer)} for file, answer in answers])
    elif form == "csv":
        import csv
        import sys

        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(["file", "label", "probability", *classes])
        for file, answer in answers:
            shares = [f"{answer.probabilities[name]:.6f}" for name in classes]
            writer.writerow([file, answer.label, f"{answer.probability:.6f}", *shares])
    else:
        rows = [(file, answer.label, f"{answer.probability:.3f}") for file, answer in answers]
        say.table(("file", "label", "probability"), rows)
