"""One finding on the data: what was noticed, how serious it is, and where."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

TAKEN = (
    *("no-label", "label-kind", "thousands"),
    *("text-column", "table-taken", "sheet", "unzipped", "label-fixes"),
)
EXAMPLES = 20  # items that a finding names at most


@dataclass(frozen=True)
class Finding:
    """Something that was noticed when the data were loaded or checked.

    Attributes:
        kind: such as "unreadable" or "exact-duplicates".
        severity: "note" or "warning".
        text: one plain sentence, or a few.
        items: at most 20 examples.
        count: how many there are.
    """

    kind: str
    severity: str
    text: str
    items: list[str]
    count: int


def taken(data: Any) -> list[str]:
    """What is said of any study of a data set: which rows were left out, and how the others are taken."""
    return [one.text for one in data.findings if one.kind in TAKEN]


def finding(kind: str, severity: str, text: str, items: Sequence[str]) -> Finding:
    """Make a finding that counts all `items` and lists the first of them."""
    return Finding(kind, severity, text, list(items[:EXAMPLES]), len(items))
