"""The items of a request: files, texts or rows, each with a name."""

import json
import logging
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import Any, NoReturn

from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from headstart.server.refusal import Refused
from headstart.server.served import FILES

MULTIPART, JSON, TEXT = "multipart/form-data", "application/json", "text/plain"
RAW = "image/", "audio/", "application/octet-stream"  # types of a body that is one file
LISTS = {"texts": ("texts",), "tables": ("rows",), "numbers": ("rows",)}  # by what a model takes
WAYS = {
    "pictures": "a picture: as multipart/form-data, or as a body of the type image/jpeg, image/png ...",
    "sounds": "a sound: as multipart/form-data, or as a body of the type audio/wav, audio/flac ...",
    "texts": 'texts: JSON {"texts": ["..."]}',
    "tables": 'rows: JSON {"rows": [{"column": value}]}',
    "numbers": 'rows of numbers: JSON {"rows": [[1.5, 2]]}',
}


logging.getLogger("python_multipart").addHandler(logging.NullHandler())  # strangers write no log here


@dataclass(frozen=True)
class Item:
    """One item of a request."""

    name: str  # of a file, without a folder; else its number from 1
    value: Any  # bytes of a file, a text, or a row


class InMemory(MultiPartParser):
    """A parser that writes nothing to the disk: the length of a request is limited."""

    spool_max_size = 2**40
    max_file_size = spool_max_size
    ended = False

    def on_end(self) -> None:
        """Note that the last boundary was read: what comes before it is whole."""
        self.ended = True

    async def parse(self) -> FormData:
        """The form; a body that ends before its last boundary is refused, as an item of it would be lost."""
        self.stream = self._whole(self.stream)
        return await super().parse()

    async def _whole(self, stream: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        async for chunk in stream:
            yield chunk
        if not self.ended:
            raise MultiPartException("The body ends before the last boundary of its parts. Send all of it.")


async def read_items(request: Request, kind: str, most: int) -> list[Item]:
    """The items of a request.

    Args:
        request: whose body is not read yet.
        kind: of items that the model takes.
        most: items, >= 1.

    Raises:
        Refused: 415 for a content type that the model takes nothing of; 400 for a body that breaks its own
            format; 413 for too many items; 422 for a body with other things in it, or nothing.
    """
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    read = _reader(content_type, kind)
    if read is None:
        raise Refused(
            415, f"A request of the type {content_type[:99]!r} is not read here. Send {WAYS[kind]}."
        )
    items: list[Item] = await read(request, kind, most)
    if not items:
        raise Refused(422, f"There is nothing to predict in the request. Send {WAYS[kind]}.")
    if len(items) > most:
        raise Refused(413, f"{len(items)} items are more than the limit of {most}. Send fewer at once.")
    return items


def _reader(content_type: str, kind: str) -> Callable[[Request, str, int], Any] | None:
    if kind in FILES:
        files = _multipart if content_type == MULTIPART else None
        return _body if content_type.startswith(RAW) else files
    if content_type == JSON or content_type.endswith("+json"):
        return _json
    return _text if (content_type, kind) == (TEXT, "texts") else None


async def _multipart(request: Request, _kind: str, most: int) -> list[Item]:
    parser = InMemory(request.headers, request.stream(), max_files=most, max_fields=most)
    try:
        form: FormData = await parser.parse()
    except MultiPartException as error:
        status = 413 if error.message.startswith("Too many") else 400
        raise Refused(status, error.message) from None
    found = []
    for number, (_, value) in enumerate(form.multi_items(), 1):
        if not isinstance(value, UploadFile):
            raise Refused(422, "A field of the form is no file. A text is no name of a file here.")
        file: SpooledTemporaryFile[bytes] = value.file  # type: ignore[assignment]
        found.append(Item(_plain(value.filename or "") or str(number), file.read()))
        file.close()
    return found


async def _body(request: Request, _kind: str, _most: int) -> list[Item]:
    content = await request.body()
    return [Item("1", content)] if content else []


async def _text(request: Request, _kind: str, _most: int) -> list[Item]:
    try:
        text = (await request.body()).decode("utf-8")
    except UnicodeDecodeError:
        raise Refused(400, "The text is not UTF-8.") from None
    return [Item("1", text)]


async def _json(request: Request, kind: str, _most: int) -> list[Item]:
    value = parsed(await request.body())
    (name,) = LISTS[kind]
    if not isinstance(value, dict) or set(value) != {name} or not isinstance(value[name], list):
        raise Refused(422, f"The request is not what this model takes. Send {WAYS[kind]}.")
    return [Item(str(number), one) for number, one in enumerate(value[name], 1)]


def parsed(content: bytes) -> Any:
    """The value of JSON.

    Raises:
        Refused: 400 for what is no JSON, NaN and infinity included.
    """
    try:
        return json.loads(content, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise Refused(400, f"The body is no JSON: {str(error)[:99]}.") from None


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def _plain(name: str) -> str:
    """The name of a file without its folder, as some browsers send it."""
    return name.replace("\\", "/").rpartition("/")[2][:200]
