"""The server of a teaching session: its addresses, for the page and for programs."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from headstart.server.access import Access
from headstart.server.app import make_app
from headstart.server.body import Limits
from headstart.server.pages import page_paths, page_routes
from headstart.server.refusal import Json, Refused
from headstart.server.teach_state import Texts, state_of
from headstart.teaching.finish import REPORT, small_picture
from headstart.teaching.session import TeachingSession

PAGE = "teach"
WAITING = 16  # requests that work or wait; more are refused
Handler = Callable[[Request], Awaitable[Response]]


def access_to(host: str, token: str = "") -> Access:
    """The access to a server that is bound to a host: its page is open to all, the session is not."""
    return Access.to(host, token, page_paths(PAGE))


def teaching_app(session: TeachingSession, access: Access, limits: Limits | None = None) -> Starlette:
    """The application.

    Args:
        session: that is taught.
        access: who may ask.
        limits: of a request, which brings one picture or text; None for the usual ones.
    """
    api = Teaching(session)
    routes = [
        *page_routes(PAGE),
        Route("/state", api.handler(api.state)),
        Route("/classes", api.handler(api.add_class), methods=["POST"]),
        Route("/classes/rename", api.handler(api.rename_class), methods=["POST"]),
        Route("/classes/delete", api.handler(api.delete_class), methods=["POST"]),
        Route("/examples", api.handler(api.add), methods=["POST"]),
        Route("/examples/{number:int}", api.handler(api.delete), methods=["DELETE"]),
        Route("/examples/{number:int}/class", api.handler(api.move), methods=["POST"]),
        Route("/examples/{number:int}/picture", api.handler(api.picture)),
        Route("/undo", api.handler(api.undo), methods=["POST"]),
        Route("/predict", api.handler(api.predict), methods=["POST"]),
        Route("/download", api.handler(api.download), methods=["POST"]),
        Route("/report", api.handler(api.report), methods=["POST"]),
    ]
    return make_app(routes, access, limits)


class Teaching:
    """The handlers of a teaching session; what takes long is done by a thread."""

    def __init__(self, session: TeachingSession) -> None:
        self._session, self._texts, self._inside = session, Texts(session), 0

    def handler(self, answer: Handler) -> Handler:
        """A handler that refuses where too many requests are being answered."""

        async def limited(request: Request) -> Response:
            async with self._room():
                return await answer(request)

        return limited

    @asynccontextmanager
    async def _room(self) -> AsyncIterator[None]:
        if self._inside >= WAITING:
            raise Refused(503, "Too many requests at once. Try again in a second.", {"Retry-After": "1"})
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1

    async def state(self, _request: Request) -> Response:
        """Classes, examples, and what the model says of each without it."""
        return Json(await run_in_threadpool(state_of, self._session, self._texts))

    async def add_class(self, request: Request) -> Response:
        """Make a class."""
        (name,) = await _strings(request, "name")
        return await self._change(self._session.add_class, name)

    async def rename_class(self, request: Request) -> Response:
        """Rename a class."""
        old, new = await _strings(request, "name", "to")
        return await self._change(self._session.rename_class, old, new)

    async def delete_class(self, request: Request) -> Response:
        """Delete a class with its examples."""
        (name,) = await _strings(request, "name")
        return await self._change(self._session.delete_class, name)

    async def add(self, request: Request) -> Response:
        """Add an example: the body is a picture's file, or a text in UTF-8."""
        label = request.query_params.get("class", "")
        name = request.query_params.get("name", "")
        example = await run_in_threadpool(self._session.add, label, await request.body(), name)
        return Json({"number": example.number}, 201)

    async def delete(self, request: Request) -> Response:
        """Delete an example."""
        return await self._change(self._session.delete, request.path_params["number"])

    async def move(self, request: Request) -> Response:
        """Move an example to another class."""
        (label,) = await _strings(request, "class")
        return await self._change(self._session.move, request.path_params["number"], label)

    async def undo(self, _request: Request) -> Response:
        """Take the last change back."""
        return await self._change(self._session.undo)

    async def picture(self, request: Request) -> Response:
        """An example as a small picture."""
        if self._session.kind != "pictures":
            raise Refused(404, "The examples are texts.")
        number = request.path_params["number"]

        def small() -> bytes:
            return small_picture(self._session.content(number), f"Example {number}")

        return Response(await run_in_threadpool(small), media_type="image/webp")

    async def predict(self, request: Request) -> Response:
        """Probabilities by class of a new picture or text, the most probable first."""
        found = await run_in_threadpool(self._session.predict, await request.body(), "What you gave")
        return Json({"classes": [{"name": name, "probability": share} for name, share in found.items()]})

    async def download(self, _request: Request) -> Response:
        """The model and the report as a zip archive."""
        archive = await run_in_threadpool(self._session.finish)
        return _attached(await run_in_threadpool(archive.read_bytes), "application/zip", archive.name)

    async def report(self, _request: Request) -> Response:
        """The report, one HTML file."""
        await run_in_threadpool(self._session.finish)
        page = await run_in_threadpool((self._session.folder / REPORT).read_bytes)
        return _attached(page, "text/html; charset=utf-8", REPORT)

    async def _change(self, change: Callable[..., None], *given: Any) -> Response:
        await run_in_threadpool(change, *given)
        return Json(await run_in_threadpool(state_of, self._session, self._texts))


def _attached(content: bytes, kind: str, name: str) -> Response:
    """A file to keep, which no browser shows in its place."""
    return Response(
        content, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


async def _strings(request: Request, *names: str) -> list[str]:
    """Strings in the JSON object of a request.

    Raises:
        Refused: 422, it is no object, or one of them is missing.
    """
    try:
        given = json.loads(await request.body())
    except (ValueError, RecursionError) as error:
        raise Refused(422, f"The body is no JSON: {error}.") from error
    found = [given.get(name) if isinstance(given, dict) else None for name in names]
    if not all(isinstance(each, str) for each in found):
        wanted = ", ".join(f'"{name}": "..."' for name in names)
        raise Refused(422, f"The body must be a JSON object {{{wanted}}}.")
    return [str(each) for each in found]
