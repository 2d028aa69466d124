"""Run an application until it is interrupted; what was begun is finished first."""

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from headstart.core.errors import BadInput, MissingPackage
from headstart.face import spell

if TYPE_CHECKING:
    from starlette.types import ASGIApp

PACKAGES = {"starlette": "starlette", "uvicorn": "uvicorn", "python_multipart": "python-multipart"}
SIGNALS = signal.SIGINT, signal.SIGTERM
GRACE = 30  # seconds that requests which were begun have to end after an interruption
KEEP_ALIVE = 10  # seconds that a connection may rest between two requests
BACKLOG = 2048  # connections that wait to be accepted


def require_packages(wanted_for: str) -> None:
    """Refuse to go on without the packages of the extra `serve`.

    Raises:
        MissingPackage: one is not installed.
    """
    for module, package in PACKAGES.items():
        if find_spec(module) is None:
            raise MissingPackage(package, wanted_for, "serve")


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens at an address; port 0 takes a free one.

    Raises:
        BadInput: the port is out of range or taken, or the host is not of this machine.
    """
    if not 0 <= port <= 65535:
        raise BadInput(f"{spell('port')} is {port}; it must be in [0, 65535].")
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except OSError as error:
        why = (error.strerror or str(error)).lower().partition(" (while ")[0]  # which names the address again
        raise BadInput(
            f"Can't listen at {host}:{port}: {why}. Choose another {spell('port')} (0 takes a free one) or "
            f"{spell('host')}."
        ) from error


def address_of(listening: socket.socket) -> str:
    """The address of a listening socket as a browser takes it."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(
    app: "ASGIApp",
    host: str = "127.0.0.1",
    port: int = 8000,
    *,
    say: Callable[[str], None] = lambda _address: None,
) -> None:
    """Serve until SIGINT or SIGTERM: then no more is accepted, and what was begun is finished.

    Args:
        app: of `make_app`.
        host: to bind to.
        port: in [0, 65535]; 0 takes a free one.
        say: is told the address as soon as connections are accepted.

    Raises:
        BadInput: it can't listen at that address.
        MissingPackage: a package of the extra `serve` is not there.
    """
    require_packages("A server")
    with bind(host, port) as listening:
        make_server(app, lambda: say(address_of(listening))).run(sockets=[listening])


def make_server(app: "ASGIApp", on_started: Callable[[], None] = lambda: None) -> Any:
    """A server of uvicorn; `should_exit = True` stops it from another thread as a signal does here."""
    import uvicorn

    from headstart.server.protocol import Protocol

    class Server(uvicorn.Server):
        """One that ends without an exception when it is interrupted, and says when it has started."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                on_started()

        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            if threading.current_thread() is not threading.main_thread():
                yield
                return
            before = {number: signal.signal(number, self.handle_exit) for number in SIGNALS}
            try:
                yield
            finally:
                for number, handler in before.items():
                    with suppress(TypeError):  # a handler that was not set from Python
                        signal.signal(number, handler)

    config = uvicorn.Config(
        app,
        http=Protocol,
        ws="none",
        lifespan="on",
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=GRACE,
        h11_max_incomplete_event_size=16 * 1024,
    )
    return Server(config)
