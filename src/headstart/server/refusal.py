"""What a server refuses: a status and a sentence, answered as JSON `{"error": ...}`."""

import json
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response


class Refused(Exception):
    """A request that is not answered.

    Attributes:
        status: of HTTP, in [400, 599].
        text: what is wrong and the way out, as a sentence.
        headers: of the answer besides.
    """

    def __init__(self, status: int, text: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(text)
        self.status, self.text, self.headers = status, text, dict(headers or {})


class Json(Response):
    """A value as JSON in ASCII, so that any string can be written, half a surrogate pair included."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")


def refusal(refused: Refused) -> Json:
    """The answer to a refused request."""
    return Json({"error": refused.text}, refused.status, refused.headers)
