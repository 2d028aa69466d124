"""Commands that make rows of one domain look like another's: `translate`."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from headstart.studies.translate.settings import TranslateSettings

from . import output
from .arguments import AsJson, Device, Quiet
from .options import with_options


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(translate)


@with_options(TranslateSettings, "settings")
def translate(
    source: Annotated[str, typer.Option(help="Labelled data, as for adapt.")],
    target: Annotated[str, typer.Option(help="Data of another domain; its labels, if any, are dropped.")],
    out: Annotated[Path, typer.Option(help="Folder for translated rows, record and page; new or empty.")],
    direction: Annotated[
        Literal["to-target", "to-source"],
        typer.Option(help="Which rows are written: source rows in the target's look, or target rows."),
    ] = "to-target",
    run: Annotated[
        Path | None,
        typer.Option(
            help="A run whose model knows the source: it says whether labels hold, and is written again, "
            "with the translator in front, to OUT/model.",
            show_default=False,
        ),
    ] = None,
    judge: Annotated[
        str | None,
        typer.Option(help="Labelled rows of the target, to report on and nothing else.", show_default=False),
    ] = None,
    device: Device = "auto",
    json: AsJson = False,
    quiet: Quiet = False,
    *,
    settings: TranslateSettings,
) -> None:
    """Learn to make rows of one domain look like another's, without pairs, and say whether it went well."""
    from headstart.data.domains import Domains
    from headstart.predictor.predictor import open_model
    from headstart.run.engine import One
    from headstart.run.progress import Progress
    from headstart.studies._store import require_empty
    from headstart.studies.translate.folder import write
    from headstart.studies.translate.run import translate as learn
    from headstart.studies.translate.translated import Translated

    require_empty(out, False)
    progress = Progress.to_terminal(quiet or json)
    model = None if run is None else open_model(run)
    try:
        with progress.step("look at the data"):
            domains = Domains(source, target)
        with progress.step("learn to translate"):
            made = learn(
                domains.source,
                domains.target,
                settings.method,
                model=model,
                judge=judge,
                settings=settings,
                engine=One(device),
            )
    finally:
        progress.close()
    found = write(made, domains.source, domains.target, out, direction)
    if model is not None and made.fronts:
        Translated(model, made).save(out / "model")
    page = _page(out)
    if json:
        output.record(found)
    else:
        _show(found, page, quiet)


def _page(out: Path) -> Path:
    from headstart.studies.pages import build_page

    return build_page(out)


def _show(found: Any, page: Path, quiet: bool) -> None:
    from headstart.studies.translate.page import headings, headline, rows, sentences

    output.table(headings(), list(rows(found)), headline(found))
    if quiet:
        return
    for sentence in sentences(found):
        output.line(sentence)
    output.line(f"Page:   {page}")
    output.line(f"Record: {page.with_suffix('.json')}")
