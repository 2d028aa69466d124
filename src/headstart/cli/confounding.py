"""Commands that ask what a model goes by: `shortcuts`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from headstart.studies.shortcuts.settings import ShortcutsSettings

from . import output
from .arguments import AsJson, Columns, Data, Quiet
from .options import with_options

Run = Annotated[Path, typer.Argument(help="A run folder, or the model folder in it.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(shortcuts)


@with_options(ShortcutsSettings, "settings")
@with_options(Columns, "columns")
def shortcuts(
    run: Run,
    data: Data,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the record and a page; must be new or empty.", show_default=False),
    ] = None,
    json: AsJson = False,
    quiet: Quiet = False,
    *,
    columns: Columns,
    settings: ShortcutsSettings,
) -> None:
    """Say what a model goes by: the groups that it fails, and what is left of it without a cue."""
    from headstart.run.progress import Progress
    from headstart.studies.shortcuts.run import shortcuts as look

    if out is not None:
        from headstart.studies._store import require_empty

        require_empty(out, False)
    found = look(
        run, columns.load(data), out=out, settings=settings, progress=Progress.to_terminal(quiet or json)
    )
    page = output.page(out)
    if json:
        output.record(found)
    else:
        _show(found, page, quiet)


def _show(found: Any, page: Path | None, quiet: bool) -> None:
    from headstart.studies.shortcuts.page import headings, headline, rows, sentences, title

    output.table(headings(), rows(found), title(found))
    if quiet:
        return
    output.line(headline(found))
    for sentence in sentences(found):
        output.line(sentence)
    for note in found.notes:
        output.line(f"Note: {note}")
    if page is not None:
        output.line(f"Page:   {page}")
        output.line(f"Record: {page.with_suffix('.json')}")
