"""Commands for a target without labels: `align`."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from headstart.studies.align.settings import AlignSettings

from . import say
from .arguments import AsJson, BackboneOrNone, Columns, Device, Quiet, Weights, begun_with
from .options import with_options


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(align)


@with_options(AlignSettings, "settings")
@with_options(Columns, "columns", without=("task", "attribute_column"))
def align(
    source: Annotated[
        str,
        typer.Option(
            help="Labelled data of elsewhere; or a run folder: its model is adapted without a source."
        ),
    ],
    target: Annotated[
        str, typer.Option(help="What the model is for: data of the same kind. Labels are only reported on.")
    ],
    target_labelled: Annotated[
        str | None,
        typer.Option(
            "--target-labels", help="Labelled rows of the target to learn from.", show_default=False
        ),
    ] = None,
    backbone: BackboneOrNone = None,
    weights: Weights = None,
    out: Annotated[Path, typer.Option(help="Folder of its own; must be new or empty.")] = Path("aligned"),
    device: Device = "auto",
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the study in the folder.")] = False,
    json: AsJson = False,
    quiet: Quiet = False,
    *,
    columns: Columns,
    settings: AlignSettings,
) -> None:
    """Make a model for data without labels from labelled data of elsewhere, and say whether it helped."""
    from headstart.run.engine import One
    from headstart.run.progress import Progress
    from headstart.session.inputs import backbone_for, default_name
    from headstart.studies._store import require_empty
    from headstart.studies.align.run import align as run
    from headstart.studies.align.source_free import holds_model
    from headstart.studies.pages import build

    settings = begun_with(out, resume, settings)
    require_empty(out, resume)
    mine: Any = source
    made = None
    if not holds_model(source):
        mine = columns.load(source)
        made = backbone_for(mine, backbone or default_name(mine), weights)
    done = run(
        mine,
        target,
        made,
        target_labelled=target_labelled,
        out=out,
        settings=settings,
        resume=resume,
        engine=One(device),
        progress=Progress.to_terminal(quiet or json),
        columns={name: value for name, value in asdict(columns).items() if name != "attribute_column"},
    )
    page = build(out)
    if json:
        say.record(done.result)
    else:
        _show(done.result, page, out, quiet)


def _show(found: Any, page: Path, out: Path, quiet: bool) -> None:
    from headstart.studies.align.table import headings, rows, title

    if not quiet:
        say.table(headings(found), rows(found), title(found))
        for note in found.notes:
            say.line(f"Note: {note}")
        say.line()
    say.line(found.headline)
    say.line(f"Model:  {out / 'model'}")
    say.line(f"Report: {page}")
    what = '--text "..."' if found.kind == "texts" else "FILES..."
    say.line(f"Next:   headstart predict {out} {what}")
