"""Floor 5: the command line; each file holds commands that belong together.

Nothing here imports torch before a command needs it, and no command is built before it is asked for, so that
`--help` and `predict` are quick.
"""

import typer

from .by_name import LazyCommands
from .clock import count_from_start as count_from_start

app = typer.Typer(
    name="headstart",
    cls=LazyCommands,
    help="Turn a model that already knows something and a little data of yours into your model.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from headstart import __version__

        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Show the version and exit."
    ),
) -> None:
    """Turn a model that already knows something and a little data of yours into your model."""
