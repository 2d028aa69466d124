"""What a command prints about a record: plain data, printed by the command line."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Terminal:
    """The output of a study's command for people.

    Attributes:
        title: of the table.
        headings: of the table.
        rows: of the table, one text a cell; the same rows as the page's. Without `answer` the table is what
            `--quiet` still prints.
        sentences: below the table; `--quiet` leaves them out.
        answer: sentences that are printed with `--quiet` too.
        next: commands to go on with; FOLDER stands for the output folder.
        places: (label, file in the output folder) that are named at the end, beside page and record.
    """

    title: str = ""
    headings: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    sentences: Sequence[str] = ()
    answer: Sequence[str] = ()
    next: Sequence[str] = ()
    places: Sequence[tuple[str, str]] = ()
