"""The command that trains: `adapt`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from headstart.records.settings import AdaptSettings

from . import say
from .arguments import AsJson, BackboneOrNone, Columns, Data, Device, Quiet, Weights, begun_with
from .options import with_options


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(adapt)


@with_options(AdaptSettings, "settings")
@with_options(Columns, "columns")
def adapt(
    data: Data = "clipart",
    backbone: BackboneOrNone = None,
    weights: Weights = None,
    out: Annotated[Path, typer.Option(help="Run folder; must be new or empty.")] = Path("run"),
    device: Device = "auto",
    source: Annotated[
        str | None,
        typer.Option(
            help="Labelled data of another task, given like DATA, for methods that learn from both.",
            show_default=False,
        ),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in the folder.")] = False,
    json: AsJson = False,
    quiet: Quiet = False,
    *,
    columns: Columns,
    settings: AdaptSettings,
) -> None:
    """Turn a pretrained backbone and labelled data into a model and an honest report."""
    from headstart.run.engine import One
    from headstart.run.progress import Progress
    from headstart.session.inputs import backbone_for, default_name
    from headstart.studies._store import require_empty
    from headstart.studies.adapt.run import adapt as run
    from headstart.studies.pages import build

    settings = begun_with(out, resume, settings)
    dataset = columns.load(data)
    other = None if source is None else columns.load(source)
    require_empty(out, resume)
    made = backbone_for(dataset, backbone or default_name(dataset), weights)
    done = run(
        made,
        dataset,
        out=out,
        source=other,
        settings=settings,
        resume=resume,
        engine=One(device),
        progress=Progress.to_terminal(quiet or json),
    )
    report = build(done.folder)
    if json:
        say.as_json({"folder": str(done.folder), "report": str(report), "headline": done.result.headline})
    else:
        _summary(done, report, quiet)


def _summary(done: Any, report: Path, quiet: bool) -> None:
    from headstart.records.measures import MEASURES
    from headstart.records.record import Timings
    from headstart.studies.adapt.table import table

    if not quiet:
        rows = table(done.result, Timings.read(done.folder / "timings.json"))
        shown = [(row.title, str(row.selection or ""), row.seconds, row.folds, row.note) for row in rows]
        headings = ("method", MEASURES[done.result.selection].title, "time", "folds", "note")
        say.table(headings, shown, "Cross-validation on the training part")
        for warning in done.result.warnings:
            say.line(f"Note: {warning}")
        say.line()
    say.line(done.result.headline)
    say.line(f"Model:  {done.folder / 'model'}")
    say.line(f"Report: {report}")
    what = '--text "..."' if done.result.kind == "texts" else "FILES..."
    say.line(f"Next:   headstart predict {done.folder} {what}")
