"""Floor 5: the command line; each file holds commands that belong together.

Nothing here imports torch before a command needs it, so that `--help` is quick.
"""

import typer

from headstart.cli import inspecting, models, using
from headstart.studies._spec import GROUPS, UNDERSTAND, studies

from .study_command import register

app = typer.Typer(
    name="headstart",
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


for module in (using, models, inspecting):
    module.register(app)
for spec in studies():
    register(app, spec)
app.registered_commands.sort(key=lambda info: GROUPS.index(info.rich_help_panel or UNDERSTAND))
