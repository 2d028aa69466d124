"""The command of a study, made of its declaration: inputs, column options, settings and what all share."""

import inspect
from collections.abc import Callable
from json import loads
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from headstart.studies._spec import Input, Study

from . import output
from .arguments import KINDS_OF_BACKBONES, AsJson, Columns, Data, Device, Quiet, Weights, begun_with
from .options import with_options

if TYPE_CHECKING:
    from headstart.report.terminal import Terminal

SEVERAL = "A backbone, as for adapt; give several. None: the built-in for the data."
WeightsOfSeveral = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=FILE",
        help="Local checkpoint of a backbone, or random, or pretrained: those that belong to the name; "
        "several of one backbone are ranked each.",
        show_default=False,
    ),
]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print the predictions as CSV.")]
KEEP = "Folder for the record and a page; must be new or empty. None: nothing is kept."
OUT = "Folder for the record and the page; must be new or empty."


def register(app: typer.Typer, spec: Study) -> None:
    """Add the command of a study."""
    app.command(spec.name, rich_help_panel=spec.group)(command(spec))


def command(spec: Study) -> Callable[..., None]:
    """The typer command of a study."""

    def run(*, settings: Any, columns: Columns, **values: Any) -> None:
        carry_out(spec, settings, columns, **values)

    inputs = {item.name: _annotated(item) for item in spec.inputs}
    shared = _shared(spec)
    parameters = {**inputs, **shared}
    arguments = [name for name in inputs if not next(i for i in spec.inputs if i.name == name).option]
    order = [*arguments, *(name for name in parameters if name not in arguments)]
    keyword = inspect.Parameter.KEYWORD_ONLY
    run.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            *(
                inspect.Parameter(n, keyword, default=parameters[n][1], annotation=parameters[n][0])
                for n in order
            ),
            *(inspect.Parameter(name, keyword) for name in ("columns", "settings")),
        ]
    )
    run.__annotations__ = {name: hint for name, (hint, _) in parameters.items()}
    run.__annotations__ |= {"columns": Columns, "settings": spec.settings}
    run.__name__, run.__doc__ = spec.name, spec.summary
    without = spec.without if spec.columns else tuple(Columns.__dataclass_fields__)
    with_columns = with_options(Columns, "columns", without=without)(run)
    return with_options(spec.settings, "settings")(with_columns)


def carry_out(
    spec: Study,
    settings: Any,
    columns: Columns,
    *,
    out: Path | None,
    device: str,
    resume: bool,
    json: bool,
    quiet: bool,
    csv: bool = False,
    **given: Any,
) -> None:
    """Run the study, write its page, print what it found."""
    from headstart.core import BadData, BadInput
    from headstart.run.engine import One
    from headstart.run.progress import Progress
    from headstart.studies._runner import run_study

    if json and csv:
        raise BadInput("Choose one of --json and --csv.")
    if resume and out is None:
        raise BadInput("--resume continues the study in a folder: name it with --out.")
    if resume and out is not None:
        settings = begun_with(out, resume, settings, spec.resumed)
    result = run_study(
        spec,
        given,
        out=out,
        settings=settings,
        resume=resume,
        progress=Progress.to_terminal(quiet or json),
        engine=One(device),
        columns=columns.options(spec.without) if spec.columns else {},
    )
    page = output.page(out)
    record = getattr(result, "result", result)
    if spec.predicts:
        show_predictions(result, json, csv)
    elif json:
        output.record(record)
    if not (json or csv or (spec.predicts and quiet)):
        show(spec, record, out, page, quiet)
    if unread := getattr(result, "unread", ()):
        raise BadData(f"{len(unread)} files were not read. {' '.join(unread[:5])}")


def show_predictions(result: Any, json: bool, csv: bool) -> None:
    """Print the predictions of a study: as a table, as CSV, or as JSON beside the record."""
    from headstart.predictor.predictions import to_prediction

    from .predictions import show as show_answers

    predictor = result.predictor
    rows = [
        to_prediction(row, "classes", predictor.classes, predictor.abstain) for row in result.probabilities
    ]
    answers = list(zip(result.names, rows, strict=True))
    if json:
        told = [{"file": file} | vars(one) for file, one in answers]
        output.as_json({"answers": told, "record": loads(result.result.to_json())})
    else:
        show_answers(answers, predictor, "csv" if csv else "table")


def show(spec: Study, record: Any, out: Path | None, page: Path | None, quiet: bool) -> None:
    """Print for people: the table, sentences, notes, and where everything lies."""
    module = spec.module("page")
    terminal: Terminal = module.terminal(record, out) if spec.reads_folder else module.terminal(record)
    if terminal.rows and not (quiet and terminal.answer):
        output.table(terminal.headings, terminal.rows, terminal.title)
    notes = [f"Note: {note}" for note in record.notes]
    for sentence in (*(() if quiet else (*terminal.sentences, *notes)), *terminal.answer):
        output.line(sentence)
    places = [] if out is None else [(label, str(out / file)) for label, file in terminal.places]
    if page is not None and out is not None:
        places += [("Page", str(page)), ("Record", str(out / spec.record_file))]
    commands = [one.replace("FOLDER", str(out)) for one in terminal.next]
    for label, text in (*places, *(("Next", one) for one in commands)):
        output.line(f"{label + ':':<8}{text}")


def _annotated(item: Input) -> tuple[Any, Any]:
    """Annotation and default of an input on the command line."""
    if item.kind == "data" and not item.option and item.default is ...:
        return Data, "clipart"
    if item.kind == "backbones":
        return Annotated[list[str] | None, typer.Option("--backbone", help=SEVERAL, show_default=False)], None
    if item.kind == "backbone":
        text = f"{KINDS_OF_BACKBONES} Else the built-in for the data."
        return Annotated[str | None, typer.Option(help=text, show_default=False)], None
    hint = item.hint if item.default is ... else item.hint | None if item.default is None else item.hint
    if item.option:
        names = [f"--{item.flag or item.name.replace('_', '-')}"]
        shown = item.default not in (..., None)
        extra = typer.Option(*names, help=item.help, metavar=item.metavar, show_default=shown)
    else:
        extra = typer.Argument(help=item.help, metavar=item.metavar, show_default=False)
    return Annotated[hint, extra], inspect.Parameter.empty if item.default is ... else item.default


def _shared(spec: Study) -> dict[str, tuple[Any, Any]]:
    """What all commands have: where results go, where to compute, how to print."""
    kinds = {item.kind for item in spec.inputs}
    weights = {"weights": (Weights, None)} if "backbone" in kinds else {}
    if "backbones" in kinds:
        weights = {"weights": (WeightsOfSeveral, None)}
    out = Annotated[
        Path | None, typer.Option(help=KEEP if spec.out is None else OUT, show_default=spec.out is not None)
    ]
    resume = Annotated[bool, typer.Option("--resume", help="Continue the study in the folder.")]
    csv = {"csv": (AsCsv, False)} if spec.predicts else {}
    return {
        **weights,
        **csv,
        "out": (out, None if spec.out is None else Path(spec.out)),
        "device": (Device, "auto"),
        "resume": (resume, False),
        "json": (AsJson, False),
        "quiet": (Quiet, False),
    }
