"""Commands that look into a backbone: `probe`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from headstart.studies.probe.settings import ProbeSettings

from . import say
from .arguments import AsJson, BackboneOrNone, Columns, Data, Device, Quiet, Weights
from .options import with_options


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(probe)


@with_options(ProbeSettings, "settings")
@with_options(Columns, "columns")
def probe(
    data: Data = "clipart",
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
    settings: ProbeSettings,
) -> None:
    """Say what each block of the frozen backbone knows: probes of every block, with control tasks."""
    from headstart.run.engine import One
    from headstart.run.progress import Progress
    from headstart.session.inputs import backbone_for, default_name
    from headstart.studies.probe.probes import check_probes
    from headstart.studies.probe.run import DEFAULT
    from headstart.studies.probe.run import probe as run

    check_probes(settings.probes)
    if out is not None:
        from headstart.studies._store import require_empty

        require_empty(out, False)
    dataset = columns.load(data)
    found = run(
        backbone_for(dataset, backbone or default_name(dataset), weights),
        dataset,
        out=out,
        probe=settings.probes or DEFAULT,
        settings=settings,
        engine=One(device),
        progress=Progress.to_terminal(quiet or json),
    )
    page = say.page(out)
    if json:
        say.record(found)
    else:
        _show(found, page, quiet)


def _show(found: Any, page: Path | None, quiet: bool) -> None:
    from headstart.studies.probe.page import headings, rows, sentences, title

    say.table(headings(found), rows(found), title(found))
    if quiet:
        return
    for sentence in sentences(found):
        say.line(sentence)
    for note in found.notes:
        say.line(f"Note: {note}")
    if page is not None:
        say.line(f"Page:   {page}")
        say.line(f"Record: {page.with_suffix('.json')}")
