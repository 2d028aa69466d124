"""Commands about two domains: `shift`."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from headstart.studies.shift.settings import ShiftSettings

from . import output
from .arguments import AsJson, BackboneOrNone, Columns, Device, Quiet, Weights
from .options import with_options

KEPT = ("path_column", "text_column", "label_column", "group_column", "split_column", "categorical")


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(shift)


@with_options(ShiftSettings, "settings")
@with_options(Columns, "columns", without=("per_class", "task", "attribute_column"))
def shift(
    source: Annotated[
        str, typer.Argument(help="What a model is learned on: any data, with labels or without.")
    ],
    target: Annotated[
        str,
        typer.Argument(
            help="What it is to be used on: a folder or file of the same kind; labels are ignored."
        ),
    ],
    backbone: BackboneOrNone = None,
    weights: Weights = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the record and a page; must be new or empty.", show_default=False),
    ] = None,
    device: Device = "auto",
    json: AsJson = False,
    quiet: Quiet = False,
    *,
    columns: Columns,
    settings: ShiftSettings,
) -> None:
    """Say how a target differs from a source, without labels of the target, and what can be done."""
    from headstart.run.engine import One
    from headstart.run.progress import Progress
    from headstart.session.inputs import backbone_for
    from headstart.studies.shift.run import shift as run

    if out is not None:
        from headstart.studies._store import require_empty

        require_empty(out, False)
    one, other = _domains(source, target, columns)
    found = run(
        one,
        other,
        backbone_for(one, backbone, weights) if backbone is not None else None,
        out=out,
        settings=settings,
        engine=One(device),
        progress=Progress.to_terminal(quiet or json),
        places=(source, target),
    )
    page = output.page(out)
    if json:
        output.record(found)
    else:
        _show(found, page, quiet)


def _domains(source: str, target: str, columns: Columns) -> tuple[Any, Any]:
    """Both as data; the target is like the source, and without labels."""
    from headstart.data.unlabelled import load_unlabelled
    from headstart.studies.shift.domains import read_source

    told = {name: value for name, value in asdict(columns).items() if name in KEPT}
    one = read_source(source, **told)
    return one, load_unlabelled(target, one, **told)


def _show(found: Any, page: Path | None, quiet: bool) -> None:
    from headstart.studies.shift.tables import headings, rows, title

    output.line(found.headline)
    if quiet:
        return
    for sentence in found.say:
        output.line(sentence)
    output.table(headings(), rows(found), title(found))
    for note in found.notes:
        output.line(f"Note: {note}")
    for command in found.next:
        output.line(f"Next:   {command}")
    if page is not None:
        output.line(f"Page:   {page}")
        output.line(f"Record: {page.with_suffix('.json')}")
