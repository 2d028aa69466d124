"""What a row of a table has, as JSON schemas of its columns, from the schema of the model."""

from typing import Any

from headstart.core.schema import Schema

TYPES: dict[str, dict[str, Any]] = {
    "numeric": {"type": ["number", "null"]},
    "binary": {"type": ["number", "boolean", "null"]},
    "boolean": {"type": ["boolean", "number", "string", "null"]},
    "date": {"type": ["string", "null"], "description": "a date, as in 2024-01-31"},
    "duration": {"type": ["string", "number", "null"], "description": "a duration, as in 1:30:00"},
    "text": {"type": ["string", "null"], "description": "a text"},
}
MOST_NAMES = 200


def form_of(schema: Schema) -> dict[str, dict[str, Any]]:
    """JSON schemas by column, in the order of the columns.

    Names that training rows had are examples, not an enum: another name counts as any other.
    """
    found: dict[str, dict[str, Any]] = {}
    for column in schema.columns:
        if column.name in found:  # of dates and texts there are several parts
            continue
        kind = schema.kinds[column.name]
        if kind == "categorical":
            names = list(column.categories)[:MOST_NAMES]
            found[column.name] = {"type": ["string", "number", "boolean", "null"], "examples": names}
        else:
            found[column.name] = dict(TYPES[kind])
            if kind == "numeric":
                found[column.name]["examples"] = [_short(column.median + column.origin)]
    return found


def _short(number: float) -> float:
    return float(f"{number:.6g}")
