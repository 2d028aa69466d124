"""Numbers as people read them, lists as sentences, and the text that a command prints."""

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from headstart.records.record import Interval

SPACE = "\u00a0"  # does not break a line
MINUS = "\u2212"
NEGATIVE = re.compile(r"(?:(?<=[\s(])|^)-(?=\d)")
PERCENT = re.compile(r"(?<=\d) %")


@dataclass(frozen=True)
class Shown:
    """A figure and its 95 % interval as text."""

    value: str
    interval: str

    def __str__(self) -> str:
        """Such as "93.1 % (91.0 to 94.9)"."""
        return f"{self.value} ({self.interval})"


def percent(fraction: float) -> str:
    """A fraction in percent with one decimal.

    >>> percent(0.9314).replace(SPACE, " ")
    '93.1 %'
    """
    return f"{fixed(100 * fraction, 1)}{SPACE}%"


def round_percent(fraction: float) -> str:
    """A fraction in percent, without decimals where there are none, for axes."""
    return f"{fixed(100 * fraction, 1).removesuffix('.0')}{SPACE}%"


def whole(value: float) -> str:
    """A count beside an axis; "" of what lies between counts."""
    return f"{value:,.0f}" if value % 1 == 0 else ""


def seconds(duration: float) -> str:
    """A duration in the two largest units that it fills.

    >>> [seconds(s).replace(SPACE, " ") for s in (0.42, 8.4, 59.7, 200, 4320)]
    ['0.42 s', '8.4 s', '1 min', '3 min 20 s', '1 h 12 min']
    """
    if duration < 59.5:
        return f"{fixed(duration, 2 if duration < 1 else 1)}{SPACE}s"
    whole = round(duration)
    if whole < 3600:
        return _units(whole // 60, "min", whole % 60, "s")
    return _units(whole // 3600, "h", whole % 3600 // 60, "min")


def _units(large: int, unit: str, small: int, smaller: str) -> str:
    return f"{large}{SPACE}{unit}" + (f" {small}{SPACE}{smaller}" if small else "")


def megabytes(size: float) -> str:
    """Memory, in MB or from 1,000 of them in GB."""
    return f"{size:.0f}{SPACE}MB" if size < 1000 else f"{size / 1000:.1f}{SPACE}GB"


def data_size(count: float) -> str:
    """A number of bytes in three digits at most and a unit.

    >>> [data_size(n).replace(SPACE, " ") for n in (12, 1540, 99960, 1183000, 90_261_512)]
    ['12 B', '1.5 kB', '100 kB', '1.2 MB', '90.3 MB']
    """
    for unit in ("B", "kB", "MB", "GB"):
        if count < 999.5 or unit == "GB":
            break
        count /= 1000
    plain = f"{count:.0f}" if unit == "B" or count >= 99.95 else f"{count:.1f}".removesuffix(".0")
    return f"{plain}{SPACE}{unit}"


def short(whole: int) -> str:
    """A count in at most five characters and a unit.

    >>> [short(n).replace(SPACE, " ") for n in (13, 9999, 16653, 999950, 3370000)]
    ['13', '9,999', '16.7 k', '1.0 M', '3.4 M']
    """
    if whole < 10_000:
        return f"{whole:,}"
    if whole < 999_950:
        return f"{whole / 1e3:.1f}{SPACE}k"
    return f"{whole / 1e6:.1f}{SPACE}M"


def pluralise(number: int, thing: str, things: str = "") -> str:
    """A count with its noun.

    >>> pluralise(1, "class", "classes"), pluralise(1200, "row")
    ('1 class', '1,200 rows')
    """
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"


def join_words(items: Sequence[str]) -> str:
    """Items as part of a sentence.

    >>> join_words(["a"]), join_words(["a", "b"]), join_words(["a", "b", "c"])
    ('a', 'a and b', 'a, b and c')
    """
    return " and ".join(part for part in (", ".join(items[:-1]), *items[-1:]) if part)


def capitalise(sentence: str) -> str:
    """The sentence with its first letter large; other letters stay."""
    return sentence[:1].upper() + sentence[1:]


def quoted(name: str) -> str:
    """A class or item name, set off from the words around it."""
    return f"\u201c{name}\u201d"


def shorten_middle(name: str, most: int) -> str:
    """A long name without its middle, so that both ends remain to distinguish it.

    >>> shorten_middle("leaf", 9), shorten_middle("leaf_of_a_maple_tree", 9)
    ('leaf', 'leaf…tree')
    """
    if len(name) <= most:
        return name
    head = most // 2
    return f"{name[:head]}\u2026{name[len(name) - (most - 1 - head) :]}"


def overlap(a: Interval, b: Interval) -> bool:
    """Whether two intervals share a value."""
    return a.low <= b.high and b.low <= a.high


def fixed(value: float, digits: int) -> str:
    """A number with so many decimals; zero has no sign."""
    text = f"{value:.{digits}f}"
    return text.removeprefix("-") if float(text) == 0 else text


def minus(text: str) -> str:
    """A number with a real minus sign."""
    return text.replace("-", MINUS, 1) if text.startswith("-") else text


def typeset(sentence: str) -> str:
    """A sentence of a record with real minus signs, and per cent signs that keep to their numbers.

    >>> typeset("from -3 to +4 %, --metric r2, 2026-01-02").replace(SPACE, " ").replace(MINUS, "~")
    'from ~3 to +4 %, --metric r2, 2026-01-02'
    """
    return PERCENT.sub(f"{SPACE}%", NEGATIVE.sub(MINUS, sentence))


def significant(value: float, digits: int = 3) -> str:
    """A number in the units of the labels, to so many significant digits.

    >>> " ".join(significant(value) for value in (2.3456, -0.01234, 123456.7, 0.0, 99.96, 1.5e-9, 2e12))
    '2.35 -0.0123 123,000 0 100 1.5e-09 2e+12'
    """
    if value == 0 or not math.isfinite(value):
        return fixed(value, 0)
    rounded = float(f"{value:.{digits - 1}e}")
    if not 1e-4 <= abs(rounded) < 1e9:
        return f"{rounded:.{digits}g}"
    decimals = digits - 1 - math.floor(math.log10(abs(rounded)))
    return f"{rounded:,.{max(0, decimals)}f}"


def amount(value: float) -> str:
    """A round number beside an axis, in the units of the labels."""
    return minus(f"{value:,.0f}" if 1e4 <= abs(value) < 1e9 else f"{value:.6g}")


def pairs(settings: dict[str, Any]) -> list[tuple[str, str]]:
    """Settings in words: what is not set is said to be so, lists have commas.

    >>> pairs({"labels_per_class": None, "methods": ["knn", "shot"], "augment": True, "lr": 0.002})
    [('labels per class', 'not set'), ('methods', 'knn, shot'), ('augment', 'yes'), ('lr', '0.002')]
    """
    return [(name.replace("_", " "), plain(value)) for name, value in settings.items()]


def plain(value: Any) -> str:
    """The value of a setting in words.

    >>> plain({"last": None, "lr": 0.01}), plain([1, 2]), plain(())
    ('last not set, lr 0.01', '1, 2', 'not set')
    """
    if isinstance(value, str):
        return value
    if value is None or value in ([], {}, ()):
        return "not set"
    if isinstance(value, dict):
        return ", ".join(f"{name} {plain(one)}" for name, one in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(plain, value))
    return json.dumps(value, ensure_ascii=False)


@dataclass(frozen=True, kw_only=True)
class Terminal:
    """The output of a study's command for people.

    Attributes:
        title: of the table.
        headings: of the table.
        rows: of the table, one text a cell; the same rows as the page's. Without `answer` the table is what
            `--quiet` still prints.
        sentences: below the table; `--quiet` leaves them out.
        notes: after the sentences, likewise; a notebook folds them.
        answer: sentences that are printed with `--quiet` too.
        next: commands to go on with; FOLDER stands for the output folder.
        places: (label, file in the output folder) that are named at the end, beside page and record.
    """

    title: str = ""
    headings: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    sentences: Sequence[str] = ()
    notes: Sequence[str] = ()
    answer: Sequence[str] = ()
    next: Sequence[str] = ()
    places: Sequence[tuple[str, str]] = ()

    @property
    def said(self) -> list[str]:
        """The sentences and the notes."""
        return [*self.sentences, *(f"Note: {note}" for note in self.notes)]

    def text(self) -> str:
        """The table, what is said of it and the answer as plain text, a line each."""
        rows = [[str(cell) for cell in row] for row in (self.headings, *self.rows)] if self.rows else []
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        table = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
        lines = [self.title, *table, *self.said, *self.answer]
        return "\n".join(line for line in lines if line).replace(SPACE, " ").replace(MINUS, "-")

    def html(self) -> str:
        """As HTML for notebooks, the answer first and the notes folded; every word is escaped."""
        heads = _cells("th", self.headings)
        rows = "".join(f"<tr>{_cells('td', row)}</tr>" for row in self.rows)
        answer = "".join(f"<p><strong>{escape(sentence)}</strong></p>" for sentence in self.answer)
        table = f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
        table = f'<div style="overflow-x: auto">{table}</div>' if self.rows else ""
        said = "".join(f"<p>{escape(sentence)}</p>" for sentence in self.sentences)
        return f"<div>{answer}<p>{escape(self.title)}</p>{table}{said}{self._folded()}</div>"

    def _folded(self) -> str:
        if not self.notes:
            return ""
        notes = "".join(f"<li>{escape(note)}</li>" for note in self.notes)
        count = f"{len(self.notes)} note{'' if len(self.notes) == 1 else 's'}"
        return f"<details><summary>{count}</summary><ul>{notes}</ul></details>"


def _cells(tag: str, row: Sequence[Any]) -> str:
    """The cells of a row in HTML: to the left, in one line but for those of the last column."""
    last = len(row) - 1
    ways = ("text-align: left; white-space: nowrap", "text-align: left; min-width: 12em")
    return "".join(
        f'<{tag} style="{ways[place == last]}">{escape(str(cell))}</{tag}>' for place, cell in enumerate(row)
    )
