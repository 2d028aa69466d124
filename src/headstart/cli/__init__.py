"""Floor 5: the command line; each file holds commands that belong together.

Nothing here imports torch before a command needs it, so that `--help` is quick.
"""

from collections.abc import Callable

import typer

from headstart.studies._spec import GROUPS, MODELS, START, TOOLS, UNDERSTAND, studies

from .commands import Command, Commands, WaitingCommand, help_of
from .labels import labels
from .listing import methods, show
from .named_data import datasets, download
from .predicting import predict
from .serving import serve
from .study_command import command
from .study_command import count_from_start as count_from_start
from .teaching import teach
from .tools import anatomy, doctor, surgery
from .using import export, push, report, runs

COMMANDS: dict[str, tuple[Callable[..., None], ...]] = {  # beside the studies, by panel of `headstart --help`
    START: (predict, report, labels, runs, teach),
    MODELS: (export, push, serve, anatomy, surgery),
    TOOLS: (methods, show, datasets, download, doctor),
}

app = typer.Typer(
    name="headstart",
    cls=Commands,
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


for spec in studies():
    run = command(spec)
    app.command(spec.name, cls=Command, help=help_of(run), rich_help_panel=spec.group)(run)
for panel, functions in COMMANDS.items():
    for function in functions:
        app.command(cls=WaitingCommand, help=help_of(function), rich_help_panel=panel)(function)
app.registered_commands.sort(key=lambda info: GROUPS.index(info.rich_help_panel or UNDERSTAND))
