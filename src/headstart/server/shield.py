"""What stands before every route: access, limits, time-outs, the headers of each answer, errors as JSON."""

import asyncio
import sys
import traceback
from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from headstart.server.access import Access
from headstart.server.body import Body, Limits
from headstart.server.refusal import Refused, refusal

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {  # of each answer, unless it has its own
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
LINGER = 1.0, 8 * 2**20  # seconds and bytes of a refused body that are still read


class Shield:
    """Middleware that lets through what is allowed, and answers everything else in JSON.

    A handler that takes long must await: its time is up with `limits.answer_seconds`, and it is cancelled.

    Args:
        app: what is behind.
        access: who may ask.
        limits: of a request.
        headers: of each answer, besides `HEADERS` or in their place.
    """

    def __init__(
        self, app: ASGIApp, access: Access, limits: Limits, headers: Mapping[str, str] | None = None
    ) -> None:
        self.app, self.access, self.limits = app, access, limits
        self.headers = HEADERS | dict(headers or {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request of HTTP; other events go through."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = Body(scope, receive, self.limits)
        answer = Answer(send, body, self.headers)
        try:
            await self._pass_on(scope, body, answer)
        except ClientDisconnect:
            return
        except Refused as refused:
            await answer.refuse(scope, refused)
        except TimeoutError:
            await answer.refuse(scope, Refused(504, "The answer took too long. Send fewer items at once."))
        except Exception:
            traceback.print_exc(file=sys.stderr)
            await answer.refuse(scope, Refused(500, "The server made a mistake; its log says which."))

    async def _pass_on(self, scope: Scope, body: Body, answer: "Answer") -> None:
        self.access.check(scope["method"], scope["path"], Headers(scope=scope))
        body.check()
        async with asyncio.timeout(self.limits.body_seconds + self.limits.answer_seconds):
            await self.app(scope, body.receive, answer.send)


class Answer:
    """The answer to one request on its way out."""

    def __init__(self, send: Send, body: Body, headers: Mapping[str, str]) -> None:
        self._send, self._body, self._headers, self._started = send, body, headers, False

    async def send(self, message: Message) -> None:
        """Send a message; the connection is closed after an answer that came before the body had ended."""
        if message["type"] == "http.response.start":
            self._started = True
            headers = MutableHeaders(scope=message)
            for name, value in self._headers.items():
                headers.setdefault(name, value)
            if not self._body.ended:
                headers["Connection"] = "close"
        elif not self._body.ended and not message.get("more_body", False):
            await self._send({**message, "more_body": True})
            await self._body.drain(*LINGER)
            message = {"type": "http.response.body", "body": b""}
        await self._send(message)

    async def refuse(self, scope: Scope, refused: Refused) -> None:
        """Answer with an error, unless an answer has begun: then the connection breaks off."""
        if self._started:
            raise refused
        await refusal(refused)(scope, self._body.receive, self.send)
