"""The command `teach`: a page on which a person teaches a classifier example by example."""

import os
from pathlib import Path
from typing import Annotated

import typer

from . import output, waiting
from .options import FILES, KINDS_OF_BACKBONES, Quiet

TOKEN = "HEADSTART_TOKEN"  # the environment variable


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
    host: Annotated[
        str, typer.Option(help="Address to bind to; 0.0.0.0 lets other machines ask.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port, in [0, 65535]; 0 takes a free one.")] = 8000,
    token: Annotated[
        str,
        typer.Option(
            help="What requests must bear in the header Authorization; the page asks for it. Better set by "
            f"the environment variable {TOKEN}, as others see the options of a process.",
            show_default=False,
        ),
    ] = "",
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
    from headstart.server.access import is_loopback
    from headstart.server.running import require_packages, run

    require_packages("headstart teach")
    from headstart.data.load import load
    from headstart.server.teach import access_to, teaching_app
    from headstart.studies._dated import dated_folder
    from headstart.teaching.session import TeachingSession

    folder = out or dated_folder("teach")
    with waiting.step("read examples") as show:
        given = None if data is None else load(data, label_column=label_column, text_column=text_column)
        session = TeachingSession(backbone, given, out=folder, texts=texts, show=show)
    bearer = token or os.environ.get(TOKEN, "")

    def say(address: str) -> None:
        if quiet:
            return
        output.line(f"{address} is the page, until Ctrl-C. Every change is kept in {folder}.")
        for note in session.notes:
            output.prose(note)
        if not bearer and not is_loopback(host):
            output.prose(
                f"Whoever reaches this machine may teach, too: there is no token. Set {TOKEN} or --token.",
                stderr=True,
            )

    run(teaching_app(session, access_to(host, bearer)), host, port, say=say)
    if not quiet:
        output.line(f"Next: headstart teach --out {folder}")
        output.line(f"      headstart adapt {folder / 'examples'}")
