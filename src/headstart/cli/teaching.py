"""The command `teach`: a page on which a person teaches a classifier example by example."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import output, waiting
from .listening import Host, Port, Token, token_of, warn_if_open
from .options import FILES, KINDS_OF_BACKBONES, Quiet

if TYPE_CHECKING:
    from headstart.teaching.session import TeachingSession


def teach(
    data: Annotated[
        str | None,
        typer.Argument(
            help="Labelled pictures or texts to begin with, as for adapt. Default: none.", show_default=False
        ),
    ] = None,
    backbone: Annotated[
        str | None,
        typer.Option(
            help=f"The backbone: {KINDS_OF_BACKBONES} Default: the built-in one.", show_default=False
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the examples, the model and the report; that of a session goes on with it. "
            "Default: a new one below runs.",
            show_default=False,
        ),
    ] = None,
    texts: Annotated[bool, typer.Option("--texts", help="Teach texts instead of pictures.")] = False,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    token: Token = "",
    check: Annotated[
        bool, typer.Option("--check", help="Read the examples, say how well they are answered, and end.")
    ] = False,
    text_column: Annotated[
        str | None,
        typer.Option(
            help="Of a file with rows: the column of texts. Default: text, else one of long texts.",
            show_default=False,
            rich_help_panel=FILES,
        ),
    ] = None,
    label_column: Annotated[
        str, typer.Option(help="Of a file with rows: the column of labels.", rich_help_panel=FILES)
    ] = "label",
    quiet: Quiet = False,
) -> None:
    """Teach a classifier on a page: add pictures or texts, watch its accuracy, download the model.

    Examples:
        headstart teach
        headstart teach photos/ --out lesson
        headstart teach --texts
    """
    from headstart.server.running import bind, require_packages, run

    require_packages("headstart teach")
    bearer = token_of(token)
    if not check:
        bind(host, port).close()  # a port that is taken is told before a folder is made
    from headstart.data.load import load
    from headstart.server.teach import access_to, teaching_app
    from headstart.studies._dated import dated_folder
    from headstart.teaching.session import TeachingSession

    folder = out or dated_folder("teach")
    with waiting.step("read examples") as show:
        given = None if data is None else load(data, label_column=label_column, text_column=text_column)
        session = TeachingSession(backbone, given, out=folder, texts=texts, show=show)
    if check:
        _tell(session)
        return

    def say(address: str) -> None:
        if not quiet:
            output.line(f"{address} is the page, until Ctrl-C. Every change is kept in {folder}.")
            for note in session.notes:
                output.prose(note)
            warn_if_open(host, bearer)

    run(teaching_app(session, access_to(host, bearer)), host, port, say=say)
    if not quiet:
        output.line(f"Next: headstart teach --out {folder}")


def _tell(session: "TeachingSession") -> None:
    """How many examples there are, and how well they are answered."""
    from headstart.report.metric import get_metric
    from headstart.report.text import pluralise

    found, metric = session.evidence(), get_metric("accuracy")
    of = pluralise(len(session.state.examples), "example")
    if found.accuracy is None:
        output.prose(f"{of}. {found.missing}")
    else:
        output.prose(f"Leave-one-out accuracy: {metric.shown(found.accuracy)}, {of}.")
    for note in (*found.cautions, *session.notes):
        output.prose(note)
