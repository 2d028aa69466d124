"""Commands that use a finished run: `predict`, `export`, `report`."""

from pathlib import Path
from typing import Annotated

import typer

from . import say

Run = Annotated[Path, typer.Argument(help="A run folder, or the model folder in it.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(predict)
    app.command()(export)
    app.command()(report)


def predict(
    run: Run,
    files: Annotated[list[Path], typer.Argument(help="Pictures, or folders of pictures at any depth.")],
    json: Annotated[bool, typer.Option("--json", help="Print JSON with all probabilities.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV with all probabilities.")] = False,
    abstain: Annotated[float | None, typer.Option(help="Say 'unsure' below this probability.")] = None,
) -> None:
    """Label new pictures; files that can't be read are named at the end, and the exit code is 3."""
    from headstart.core import BadData, BadInput
    from headstart.study.predictor import Prediction, open_model

    if json and csv:
        raise BadInput("Choose one of --json and --csv.")
    predictor = open_model(run)
    if abstain is not None:
        if not 0 <= abstain <= 1:
            raise BadInput(f"--abstain is {abstain}; it must be in [0, 1].")
        predictor.abstain = abstain
    answers: list[tuple[Path, Prediction]] = []
    unread: list[str] = []
    for file in _pictures(files):
        try:
            answers += [(file, predictor.predict([file])[0])]
        except BadData as error:
            unread.append(str(error))
    _print(answers, predictor.classes, "json" if json else "csv" if csv else "")
    if unread:
        raise BadData(
            f"{len(unread)} of {len(answers) + len(unread)} files were not read. " + " ".join(unread[:5])
        )


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

    if not (run / "result.json").exists():
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
        say.as_json([{"file": str(file), **vars(answer)} for file, answer in answers])
    elif form == "csv":
        import csv
        import sys

        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(["file", "label", "probability", *classes])
        for file, answer in answers:
            shares = [f"{answer.probabilities[name]:.6f}" for name in classes]
            writer.writerow([file, answer.label, f"{answer.probability:.6f}", *shares])
    else:
        rows = [(str(file), answer.label, f"{answer.probability:.3f}") for file, answer in answers]
        say.table(("file", "label", "probability"), rows)
