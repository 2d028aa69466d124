"""The body of a request, counted and timed while it is read."""

import asyncio
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope

from headstart.server.refusal import Refused

MEGA = 2**20


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much of a request is taken, and how long it may last.

    Attributes:
        body_bytes: of the body of a request, >= 0.
        body_seconds: from the headers to the end of the body, > 0.
        answer_seconds: from the end of that time to the answer, > 0.
    """

    body_bytes: int = 32 * MEGA
    body_seconds: float = 30.0
    answer_seconds: float = 60.0


class Body:
    """The body of one request, at most as long and as slow as the limits say.

    Attributes:
        ended: whether all of it was read.
    """

    def __init__(self, scope: Scope, receive: Receive, limits: Limits) -> None:
        headers = Headers(scope=scope)
        self._receive, self._limits, self._count = receive, limits, 0
        self._declared = headers.get("content-length", "0")
        self._until = asyncio.get_running_loop().time() + limits.body_seconds
        self.ended = self._declared == "0" and "transfer-encoding" not in headers

    def check(self) -> None:
        """Refuse a body whose declared length is too large, before any of it is read."""
        if not self._declared.isdecimal():
            raise Refused(400, "Content-Length is no whole number.")
        if len(self._declared) > 18 or int(self._declared) > self._limits.body_bytes:
            raise self._too_large()

    async def receive(self) -> Message:
        """The next message; once the body has ended there is no limit to the wait for it.

        Raises:
            Refused: 413 for a body that is too long, 408 for one that does not end in time.
        """
        if self.ended:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError:
            raise Refused(
                408, f"The request did not end within {self._limits.body_seconds:g} seconds."
            ) from None
        self._count += len(message.get("body", b""))
        if self._count > self._limits.body_bytes:
            raise self._too_large()
        self.ended = not message.get("more_body", False)
        return message

    async def drain(self, seconds: float, most: int) -> None:
        """Read on without keeping anything, at most so long and so much.

        A connection that is closed while the other side sends is reset, and the answer may be lost.
        """
        try:
            async with asyncio.timeout(seconds):
                while not self.ended and most > 0:
                    message = await self._receive()
                    most -= len(message.get("body", b""))
                    self.ended = not message.get("more_body", False)
        except TimeoutError:
            pass

    def _too_large(self) -> Refused:
        most = self._limits.body_bytes / MEGA
        return Refused(413, f"The request is larger than the limit of {most:g} MB. Send fewer items at once.")
