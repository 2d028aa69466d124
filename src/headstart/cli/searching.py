"""Commands that search: `search`."""

from dataclasses import fields, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from headstart.studies.search.settings import SearchSettings

from . import say
from .arguments import AsJson, BackboneOrNone, Columns, Data, Device, Quiet, Weights
from .options import with_options


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(search)


@with_options(SearchSettings, "settings", without=("space",))
@with_options(Columns, "columns")
def search(
    data: Data = "clipart",
    backbone: BackboneOrNone = None,
    weights: Weights = None,
    search_range: Annotated[
        list[str] | None,
        typer.Option(
            "--range",
            metavar="METHOD:SETTING=RANGE",
            help="What is searched of a method, in place of its own ranges: fine-tune:lr=1e-4..1e-2 or "
            "fine-tune:last=1|2|4; give several.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path, typer.Option(help="Folder for the record and the trials; must be new or empty.")
    ] = Path("search"),
    device: Device = "auto",
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with what is in the folder; with more --trials, too.")
    ] = False,
    json: AsJson = False,
    quiet: Quiet = False,
    *,
    columns: Columns,
    settings: SearchSettings,
) -> None:
    """Search for a method and its settings by cross-validation; the test part is not looked at."""
    from headstart.run.engine import One
    from headstart.run.progress import Progress
    from headstart.session.inputs import backbone_for, default_name
    from headstart.studies._store import require_empty
    from headstart.studies.pages import build
    from headstart.studies.search.run import search as run

    settings = _saved(out, resume, replace(settings, space=_space(search_range or [])))
    dataset = columns.load(data)
    require_empty(out, resume)
    found = run(
        backbone_for(dataset, backbone or default_name(dataset), weights),
        dataset,
        out=out,
        settings=settings,
        resume=resume,
        engine=One(device),
        progress=Progress.to_terminal(quiet or json),
        named=(data, *_named({"backbone": backbone, "weights": weights}), *_words(columns), *_device(device)),
    )
    page = build(out)
    if json:
        say.record(found)
    else:
        _show(found, page, quiet)


def _named(options: dict[str, str | None]) -> list[str]:
    """Options that were given, as words."""
    return [word for name, value in options.items() if value is not None for word in (f"--{name}", value)]


def _device(device: str) -> list[str]:
    return [] if device == "auto" else ["--device", device]


def _words(columns: Columns) -> list[str]:
    """The options that make such columns."""
    usual, words = Columns(), list[str]()
    for field in fields(columns):
        value, name = getattr(columns, field.name), f"--{field.name.replace('_', '-')}"
        if value != getattr(usual, field.name):
            several = value if isinstance(value, tuple) else (value,)
            words += [word for one in several for word in (name, str(one))]
    return words


def _space(ranges: list[str]) -> dict[str, dict[str, str]]:
    """What is searched, by method and setting, out of METHOD:SETTING=RANGE."""
    from headstart.core import BadInput

    space: dict[str, dict[str, str]] = {}
    for text in ranges:
        where, equals, values = text.rpartition("=")
        method, colon, setting = where.rpartition(":")
        if not (equals and colon and method and setting and values):
            raise BadInput(f"--range {text}: write METHOD:SETTING=RANGE, as in fine-tune:lr=1e-4..1e-2.")
        space.setdefault(method, {})[setting] = values
    return space


def _saved(out: Path, resume: bool, settings: SearchSettings) -> SearchSettings:
    """What the search in the folder was begun with, if it is gone on with; trials and budget may be named."""
    from headstart.studies._store import saved_settings

    usual = SearchSettings()
    named = replace(settings, trials=usual.trials, budget=usual.budget) != usual
    saved = saved_settings(out, SearchSettings) if resume and not named else None
    if saved is None:
        return settings
    trials = saved.trials if settings.trials == usual.trials else settings.trials
    return replace(saved, trials=trials, budget=settings.budget or saved.budget)


def _show(found: Any, page: Path, quiet: bool) -> None:
    from headstart.records.measures import MEASURES

    metric = MEASURES[found.selection].title
    headings = ("trial", "method", "lr", metric, "after each fold", "note")
    title = f"Cross-validation on the {found.train_rows} training rows of {found.task}"
    say.table(headings, [_row(trial, found.best.number) for trial in found.trials], title)
    for note in () if quiet else found.notes:
        say.line(f"Note: {note}")
    say.line(f"Best:   {found.method}, {metric} {found.best.score:.3f}")
    say.line(f"Page:   {page}")
    say.line(f"Record: {page.with_suffix('.json')}")
    say.line(f"Next:   {found.next}")


def _row(trial: Any, best: int) -> tuple[str, ...]:
    value = "" if trial.score is None else f"{trial.score:.3f}"
    note = (
        "best" if trial.number == best else "" if trial.state == "complete" else f"{trial.state}: {trial.why}"
    )
    lr = "" if trial.lr is None else f"{trial.lr:g}"
    steps = " ".join(f"{one:.3f}" for one in trial.folds)
    return str(trial.number), trial.method, lr, value, steps, note
