"""What one item of a request may be, before it is read."""

from collections.abc import Callable, Mapping
from typing import Any

from headstart.core import Tokens
from headstart.core.errors import BadData
from headstart.data.unseen import Unseen
from headstart.server.safe_files import guard_of
from headstart.server.served import FILES

MOST_LETTERS = 100_000  # of a text


def checked(kind: str, most_pixels: int) -> Callable[[Any], None]:
    """What refuses an item of another kind, or one that unpacks to too much.

    Args:
        kind: of items.
        most_pixels: of a picture, or samples of a sound.

    Returns:
        A function of an item; it raises `BadData`.
    """
    if kind in FILES:
        look = guard_of(kind, most_pixels)

        def require_file(item: Any) -> None:
            assert isinstance(item, bytes)  # never the name of a file
            look(item)

        return require_file
    return _require_text if kind == "texts" else lambda item: _require_row(item, kind)


def cautions(unseen: Mapping[str, Unseen], tokens: Tokens | None, item: Any, length: int) -> list[str]:
    """What to beware of about a prepared item, as sentences.

    Args:
        unseen: names that no training row had, by column.
        tokens: how texts are read.
        item: as it was sent.
        length: of the prepared item.
    """
    said = [f"{new.text()}. It counts as any other name." for new in unseen.values()]
    if tokens is not None and isinstance(item, str) and length >= tokens.limit and tokens.ids([item])[1][0]:
        said.append(f"The text is longer than the {tokens.limit} tokens that are read; its end is not.")
    return said


def _require_text(item: Any) -> None:
    if not isinstance(item, str):
        raise BadData(f"This model takes texts; the item is {_json_type(item)}.")
    if not item.strip():
        raise BadData("The text is empty. Leave it out.")
    if len(item) > MOST_LETTERS:
        raise BadData(f"The text has {len(item):,} letters; the limit is {MOST_LETTERS:,}. Shorten it.")


def _require_row(item: Any, kind: str) -> None:
    """Refuse what is no row of cells."""
    cells = item if isinstance(item, list) else list(item.values()) if isinstance(item, dict) else None
    if not cells or (kind == "numbers" and not isinstance(item, list)):
        way = "a list of numbers" if kind == "numbers" else "an object of a value by column"
        raise BadData(f"A row is {way}; the item is {_json_type(item)}.")
    if kind == "tables" and any(isinstance(cell, list | dict) for cell in cells):
        raise BadData("A cell is a number, a text, true, false or null, not a list or an object.")
    if any(isinstance(cell, int) and abs(cell) > 2**62 for cell in cells):
        raise BadData("A cell is a number beyond 2^62. Write it with a decimal point.")


def _json_type(item: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(item), "a number") + (", which is empty" if item in ({}, []) else "")
