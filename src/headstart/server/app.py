"""An application of routes behind a shield."""

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from headstart.core.errors import CannotWrite, HeadstartError
from headstart.server.access import Access
from headstart.server.body import Limits
from headstart.server.refusal import Refused, refusal
from headstart.server.shield import Shield

WORDS = {404: "There is nothing here.", 405: "This address takes other methods: see the header Allow."}
Lifespan = Callable[[Starlette], AbstractAsyncContextManager[Any]]


def make_app(
    routes: Sequence[BaseRoute],
    access: Access,
    limits: Limits | None = None,
    *,
    lifespan: Lifespan | None = None,
    headers: Mapping[str, str] | None = None,
    outside: Sequence[Middleware] = (),
) -> Starlette:
    """An application; errors are answered as JSON `{"error": ...}`.

    A `HeadstartError` in a handler is answered with 422 and its text; what can't be written with 500, and
    where it should have been is told on the terminal alone.

    Args:
        routes: with handlers that are coroutines; what takes long they give to a thread and await.
        access: who may ask.
        limits: of a request; None for the usual ones.
        lifespan: what is set up before the first request and taken down after the last.
        headers: of each answer, in place of `shield.HEADERS`.
        outside: middleware that sees also what the shield refuses.
    """
    shield = Middleware(Shield, access=access, limits=limits or Limits(), headers=headers)
    app = Starlette(
        routes=routes,
        middleware=[*outside, shield],
        lifespan=lifespan,
        exception_handlers={
            HTTPException: _on_http_error,
            Refused: _on_refused,
            CannotWrite: _on_cannot_write,
            HeadstartError: _on_headstart_error,
        },
    )
    app.router.redirect_slashes = False
    return app


async def _on_http_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    text = WORDS.get(error.status_code, error.detail)
    return refusal(Refused(error.status_code, text, error.headers))


async def _on_refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return refusal(error)


async def _on_headstart_error(_request: Request, error: Exception) -> Response:
    return refusal(Refused(422, str(error)))


async def _on_cannot_write(_request: Request, error: Exception) -> Response:
    sys.stderr.write(f"headstart: {error}\n")
    return refusal(Refused(500, "The server can't write its files; what it says on its terminal tells why."))
