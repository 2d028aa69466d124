"""Commands that compare backbones: `rank`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from . import output
from .arguments import AsJson, Columns, Data, Device, Quiet
from .options import with_options

SIZE = "Height and width of pictures in pixels, or the most tokens of a text; else the backbone's own."


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(rank)


@with_options(Columns, "columns")
def rank(
    data: Data = "clipart",
    backbone: Annotated[
        list[str] | None,
        typer.Option(
            help="A backbone, as for adapt; give several. None: the built-in for the data.",
            show_default=False,
        ),
    ] = None,
    weights: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=FILE",
            help="Local checkpoint of a backbone, or random, or pretrained: those that belong to the name; "
            "several of one backbone are ranked each.",
            show_default=False,
        ),
    ] = None,
    score: Annotated[
        list[str] | None,
        typer.Option(
            help="logme, h-score, leep, nce, knn or cka (likeness to the first backbone); the first one "
            "orders the table. None: all but cka.",
            show_default=False,
        ),
    ] = None,
    tuned: Annotated[
        str | None,
        typer.Option(
            metavar="METHOD", help="Also fit this method on each and tell its accuracy on a held-out fold."
        ),
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="Of each training with --tuned; else 5.")] = None,
    size: Annotated[int | None, typer.Option(help=SIZE)] = None,
    test: Annotated[
        float, typer.Option(help="Share of the rows that adapt will test on, and that is not looked at.")
    ] = 0.2,
    seed: Annotated[int, typer.Option(help="Random seed.")] = 0,
    cache: Annotated[Path | None, typer.Option(help="Folder that keeps what was computed.")] = None,
    device: Device = "auto",
    out: Annotated[Path | None, typer.Option(help="Also write a page (.html) or a record (.json).")] = None,
    json: AsJson = False,
    quiet: Quiet = False,
    *,
    columns: Columns,
) -> None:
    """Rank backbones by how well their features will serve a task, from one pass each: no training."""
    from headstart.core import BadInput
    from headstart.run.engine import One
    from headstart.run.progress import Progress
    from headstart.session.inputs import default_name
    from headstart.studies.rank.contenders import pairs_of
    from headstart.studies.rank.run import DEFAULT
    from headstart.studies.rank.run import rank as run

    if out is not None and out.suffix not in (".html", ".json"):
        raise BadInput(f"--out {out}: its ending says what is written, .html or .json.")
    dataset = columns.load(data)
    named = dict(pairs_of(backbone or [default_name(dataset)], weights or []))
    found = run(
        named,
        dataset,
        score or DEFAULT,
        tune=tuned,
        cache=cache,
        progress=Progress.to_terminal(quiet or json),
        engine=One(device),
        epochs=epochs,
        size=size,
        test=test,
        seed=seed,
    )
    if out is not None:
        _write(found, out)
    if json:
        output.record(found)
    else:
        _show(found, quiet)


def _plain(found: Any) -> Any:
    import json

    return json.loads(found.to_json())


def _write(found: Any, out: Path) -> None:
    from headstart.run.checkpoint import write_atomically
    from headstart.studies.rank.page import page

    text = found.to_json() if out.suffix == ".json" else page(_plain(found))
    write_atomically(out, text.encode())


def _show(found: Any, quiet: bool) -> None:
    from headstart.studies.rank.page import headings, rows

    plain = _plain(found)
    output.table(headings(plain), rows(plain), f"Backbones for {found.task}, by {found.scores[0]}")
    if quiet:
        return
    for note in found.notes:
        output.line(f"Note: {note}")
