"""The files of a page, read once and served under their names."""

from importlib.resources import files
from pathlib import PurePosixPath

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

FOLDER = "pages"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
INDEX = "index.html"


def page_routes(page: str) -> list[Route]:
    """A route for each file in `pages/<page>/`, and "/" for its index.html.

    The files are read here, once: a request names a route, never a file.
    """
    folder = files("headstart.server") / FOLDER / page
    return [_route(file.name, file.read_bytes()) for file in folder.iterdir() if _suffix(file.name) in TYPES]


def page_paths(page: str) -> frozenset[str]:
    """The paths of `page_routes`."""
    return frozenset(route.path for route in page_routes(page))


def _route(name: str, content: bytes) -> Route:
    async def answer(_request: Request) -> Response:
        return Response(content, headers={"Content-Type": TYPES[_suffix(name)]})

    return Route("/" if name == INDEX else f"/{name}", answer)


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix
