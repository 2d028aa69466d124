"""Commands that use a finished run: `predict`, `export`, `report`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from headstart.studies._spec import MODELS, START

from . import output
from .predictions import show, texts_of

if TYPE_CHECKING:
    from headstart.data.modality import Modality
    from headstart.predictor.predictions import Prediction
    from headstart.predictor.predictor import Predictor

    Labelled = tuple[list[tuple[str, Prediction]], list[str]]

Run = Annotated[Path, typer.Argument(help="A run folder, or the model folder in it.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command(rich_help_panel=START)(predict)
    app.command(rich_help_panel=MODELS)(export)
    app.command(rich_help_panel=START)(report)


def predict(
    run: Run,
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Pictures or sounds, or folders of them at any depth; for a model of texts, files with a "
            "text a line, or CSV and Parquet files; for a model of tables, CSV, Parquet or .h5ad files.",
            show_default=False,
        ),
    ] = None,
    text: Annotated[
        list[str] | None, typer.Option(help="A text; may be given several times.", show_default=False)
    ] = None,
    text_column: Annotated[str, typer.Option(help="Of a CSV or Parquet file: where the texts are.")] = "text",
    json: Annotated[bool, typer.Option("--json", help="Print JSON with all probabilities.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV with all probabilities.")] = False,
    abstain: Annotated[float | None, typer.Option(help="Predict 'unsure' below this probability.")] = None,
) -> None:
    """Predict labels for new pictures, texts or rows; unreadable ones are listed at the end (exit code 3)."""
    from headstart.core import BadData, BadInput
    from headstart.predictor.predictor import open_model

    if json and csv:
        raise BadInput("Choose one of --json and --csv.")
    if not files and not text:
        raise BadInput("There is nothing to label. Name files, or write --text 'A text.'")
    predictor = open_model(run)
    if abstain is not None:
        predictor.abstain = _threshold(predictor, abstain)
    if predictor.tokens is not None:
        answers, unread = _label_texts(predictor, texts_of(files or [], text or [], text_column))
    elif text:
        raise BadInput(f"The model in {run} takes no texts. Name files.")
    else:
        answers, unread = _label_files(predictor, files or [])
    show(answers, predictor, "json" if json else "csv" if csv else "table")
    if unread:
        what = "files" if predictor.tokens is None else "texts"
        raise BadData(
            f"{len(unread)} of {len(answers) + len(unread)} {what} were not read. " + " ".join(unread[:5])
        )


def _threshold(predictor: "Predictor", abstain: float) -> float:
    from headstart.core import BadInput

    if not 0 <= abstain <= 1:
        raise BadInput(f"--abstain is {abstain}; it must be in [0, 1].")
    if predictor.label_kind != "classes":
        raise BadInput(f"--abstain is {abstain}; it goes with classes, not {predictor.label_kind}.")
    return abstain


def _label_files(predictor: "Predictor", files: list[Path]) -> "Labelled":
    if predictor.modality.suffixes:
        return _label_each(predictor, _each(files, predictor.modality))
    return (_label_rows if predictor.modality.whole else _label_arrays)(predictor, files), []


def _label_each(predictor: "Predictor", files: list[Path]) -> "Labelled":
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


def _label_arrays(predictor: "Predictor", files: list[Path]) -> "list[tuple[str, Any]]":
    """Answers by file and number of the row, from 1, for a model of arrays."""
    from headstart.core import BadData, BadInput, HeadstartError
    from headstart.data.npz import SUFFIXES, samples_in

    answers: list[tuple[str, Any]] = []
    for file in files:
        if file.suffix.lower() not in SUFFIXES:
            raise BadInput(f"{file}: this model takes arrays of numbers, .npz with an array x, or .npy.")
        samples = samples_in(file)
        try:
            said = predictor.predict(samples)
        except HeadstartError:
            raise
        except (RuntimeError, ValueError, TypeError) as reason:
            mapping: Any = predictor.model.backbone
            raise BadData(
                f"{file} holds samples of shape {samples.shape[1:]}, and the model takes such as "
                f"{tuple(mapping.example.shape[1:])}: {(str(reason).splitlines() or [''])[0]}"
            ) from reason
        answers += [(f"{file}:{number}", answer) for number, answer in enumerate(said, 1)]
    return answers


def _label_rows(predictor: "Predictor", files: list[Path]) -> "list[tuple[str, Prediction]]":
    """Answers by file and number of the row, from 1; names that are new to the model are told of."""
    answers: list[tuple[str, Prediction]] = []
    for file in files:
        said = predictor.predict(file)
        answers += [(f"{file}:{number}", answer) for number, answer in enumerate(said, 1)]
        for column, count in predictor.unseen.items():
            output.stderr_line(f"{file}: {count} rows have a name in {column!r} that no training row had.")
    return answers


def _label_texts(predictor: "Predictor", found: list[tuple[str, str]]) -> "Labelled":
    """Answers by name of the text, and what is to be said of those that are empty."""
    full = [(name, text) for name, text in found if text.strip()]
    said = predictor.predict([text for _, text in full])
    if predictor.tokens is not None and full:
        from headstart.data.texts import too_long

        cut = predictor.tokens.ids([text for _, text in full])[1]
        if cut.any():
            output.stderr_line(too_long(cut, predictor.tokens.limit))
    unread = [f"{name} is empty." for name, text in found if not text.strip()]
    return [(name, answer) for (name, _), answer in zip(full, said, strict=True)], unread


def export(
    run: Run,
    file: Annotated[
        Path,
        typer.Argument(help="Output file: .onnx for the model, .safetensors for the encoder alone."),
    ],
) -> None:
    """Export the model to ONNX, or its encoder to safetensors, and check that the outputs agree."""
    from headstart.predictor.export import export_model
    from headstart.predictor.predictor import open_model

    if file.suffix == ".safetensors":
        from headstart.models.encoders import save_encoder

        save_encoder(open_model(run).model, file)
        output.line(f"{file}: the encoder, without the head of these labels.")
        output.line(f"Next: headstart adapt DATA --backbone {file}")
        return
    difference = export_model(open_model(run), file)
    output.line(f"{file}: probabilities differ from torch's by {difference:.1e} at most.")


def report(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
) -> None:
    """Rebuild the page of a finished study from its record."""
    from headstart.studies.pages import build_page

    output.line(str(build_page(run)))


def _each(files: list[Path], modality: "Modality[Any]") -> list[Path]:
    """Files as they are, folders as the files in them that hold a sample."""
    from headstart.core import BadData

    found: list[Path] = []
    for file in files:
        inside = [file]
        if file.is_dir():
            inside = sorted(path for path in file.rglob("*") if path.suffix.lower() in modality.suffixes)
            inside = [path for path in inside if path.is_file() and not path.name.startswith(".")]
            if not inside:
                raise BadData(
                    f"There are no {modality.rows} in the folder {file}. Give another, or files by name."
                )
        found += inside
    return found
