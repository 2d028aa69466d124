"""Options of the commands that serve: where they listen, and who may ask."""

import os
from typing import Annotated

import typer

from . import output

TOKEN = "HEADSTART_TOKEN"  # the environment variable
Host = Annotated[str, typer.Option(help="Address to bind to; 0.0.0.0 lets other machines ask.")]
Port = Annotated[int, typer.Option(help="Port, in [0, 65535]; 0 takes a free one.")]
Token = Annotated[
    str,
    typer.Option(
        help="What requests must bear in the header Authorization. Better set by the environment "
        f"variable {TOKEN}, as others see the options of a process.",
        show_default=False,
    ),
]


def token_of(given: str) -> str:
    """The token of the option, or else of the environment; "" for none.

    Raises:
        BadInput: no header can bear it.
    """
    from headstart.core.errors import BadInput

    token = given or os.environ.get(TOKEN, "")
    if token and not (token.isascii() and token.isprintable() and " " not in token):
        raise BadInput("--token must be of printable ASCII characters without a space.")
    return token


def warn_if_open(host: str, token: str) -> None:
    """Say so where whoever reaches the machine may ask."""
    from headstart.server.access import is_loopback

    if not token and not is_loopback(host):
        output.prose(
            f"Whoever reaches this machine may ask: there is no token. Set {TOKEN} or --token, and put what "
            "speaks HTTPS in front.",
            stderr=True,
        )
