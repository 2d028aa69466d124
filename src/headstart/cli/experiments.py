"""Commands that find out: `curve`, `yosinski`."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from headstart.studies._experiment import YosinskiSettings

from . import output
from .arguments import AsJson, BackboneOrNone, Columns, Device, Quiet, begun_with
from .options import with_options

Out = Annotated[Path, typer.Option(help="Folder for the record and the page; must be new or empty.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with what is in the folder.")]
Base = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="Weights to take in place of training this network: a local checkpoint, or pretrained: those "
        "that belong to the backbone's name.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(yosinski)


@with_options(YosinskiSettings, "settings", without=("cuts",))
@with_options(Columns, "columns")
def yosinski(
    task_a: Annotated[
        str,
        typer.Argument(
            help="Task A: a folder of class folders, a CSV or Parquet file, or a built-in: clipart, digits. "
            "Without task B its classes are split into two tasks.",
        ),
    ] = "clipart",
    task_b: Annotated[
        str | None, typer.Argument(help="Task B, which all is judged by.", show_default=False)
    ] = None,
    backbone: BackboneOrNone = None,
    base_a: Base = None,
    base_b: Base = None,
    cuts: Annotated[
        str, typer.Option(metavar="N,N,...", help="Blocks that are copied, rising; none: every number.")
    ] = "",
    out: Out = Path("yosinski"),
    device: Device = "auto",
    resume: Resume = False,
    json: AsJson = False,
    quiet: Quiet = False,
    *,
    columns: Columns,
    settings: YosinskiSettings,
) -> None:
    """Find out how transferable each depth is: copy blocks of a network, begin the rest anew, train."""
    from headstart.run.engine import One
    from headstart.run.progress import Progress
    from headstart.session.inputs import backbone_for, default_name
    from headstart.studies._store import require_empty
    from headstart.studies.pages import build_page
    from headstart.studies.yosinski.run import yosinski as run

    settings = begun_with(out, resume, replace(settings, cuts=_numbers("cuts", cuts)))
    tasks = [columns.load(task) for task in (task_a, task_b) if task is not None]
    require_empty(out, resume)
    name = backbone or default_name(tasks[-1])
    networks = [
        None if file is None else backbone_for(tasks[-1], name, None if file == "pretrained" else file)
        for file in (base_a, base_b)
    ]
    found = run(
        backbone_for(tasks[-1], name, None if tasks[-1].table is not None else "random"),
        tasks[0],
        tasks[1] if len(tasks) == 2 else None,
        base_a=networks[0],
        base_b=networks[1],
        out=out,
        settings=settings,
        resume=resume,
        engine=One(device),
        progress=Progress.to_terminal(quiet or json),
    )
    page = build_page(out)
    if json:
        output.record(found)
        return
    from headstart.studies._page import text
    from headstart.studies.yosinski.page import claims, headings, rows

    shown = [(f"{cut} ({last})", *(text(cell) for cell in cells)) for cut, last, cells in rows(found)]
    title = f"{_opened(found.selection)} on {found.base_b.test_rows} held-out rows of {found.base_b.task}"
    output.table(headings(found), shown, title)
    for sentence in () if quiet else claims(found):
        output.line(sentence)
    _end(found.notes, page, quiet)


def _numbers(option: str, text: str) -> tuple[int, ...]:
    """Whole numbers with commas between them."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not all(word.isdecimal() for word in words):
        from headstart.core import BadInput

        raise BadInput(f"--{option} is {text!r}; write whole numbers with commas between them, as in 1,2,5.")
    return tuple(int(word) for word in words)


def _end(notes: list[str], page: Path, quiet: bool) -> None:
    for note in () if quiet else notes:
        output.line(f"Note: {note}")
    output.line(f"Page:   {page}")
    output.line(f"Record: {page.with_suffix('.json')}")


def _opened(metric: str) -> str:
    """The name of a metric at the start of a sentence."""
    from headstart.records.measures import MEASURES
    from headstart.report.text import capitalise

    return capitalise(MEASURES[metric].title)
