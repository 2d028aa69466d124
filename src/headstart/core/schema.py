"""Table preprocessing of a backbone: specified in `models`, carried out in `data`."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Literal, Self

from .tokens import Tokens

ColumnKind = Literal["numeric", "categorical", "boolean", "date", "duration", "text", "binary"]
NAMED = ("month", "weekday", "hour")  # parts of a date that are names


@dataclass(frozen=True)
class Column:
    """Statistics of one column over the training rows, or of one part of a column of dates or texts.

    Attributes:
        name: of the column.
        kind: numbers, names of categories, truth values, dates, durations or texts.
        part: of a date: "days" since the first training row, or "month", "weekday" or "hour"; or a word.
        weight: of a word, its inverse document frequency in the training rows.
        token: of a text, the place in it, from 1 on, of the token whose id the number is; -1 beyond its end.
        origin: taken off numbers before they become float32, where they are far from 0.
        median: stands in for a missing number; like the next two, of what is left without the origin.
        mean: of the numbers; of counts, after their normalisation.
        deviation: standard deviation (division by n), likewise, or what columns in one unit have in
            common; 0: the numbers give no feature.
        categories: their codes are 0, 1, ...; all others have the next code.
        rare: names in the training rows that have no code of their own, in natural order.
        unlisted: how many more of them there are.
        binary: whether the numbers are 0 and 1 alone, which other rows may write as truth values.
        missing: whether some training rows had nothing here, which gives a feature of its own.
    """

    name: str
    kind: ColumnKind
    origin: float = 0.0
    median: float = 0.0
    mean: float = 0.0
    deviation: float = 0.0
    categories: tuple[str, ...] = ()
    missing: bool = False
    part: str = ""
    rare: tuple[str, ...] = ()
    unlisted: int = 0
    binary: bool = False
    weight: float = 0.0
    token: int = 0

    @property
    def named(self) -> bool:
        """Whether the values are codes of names, not numbers."""
        return self.kind in ("categorical", "boolean") or (self.kind == "date" and self.part in NAMED)


@dataclass(frozen=True)
class Schema:
    """The columns of a table, with their statistics over the training rows.

    Attributes:
        columns: those that are used, in the order in which the backbone takes them.
        dropped: uninformative ones, and why; new rows need not have them.
        passed: the label and others that are no input; new rows may have them.
        counts: the numbers are raw counts, such as of RNA molecules: each row is brought to the same
            total, then its logarithm is taken.
        tokens: how a column of texts becomes ids, if a backbone reads it beside the others.
    """

    kind: ClassVar[str] = "tables"

    columns: tuple[Column, ...]
    dropped: Mapping[str, str] = field(default_factory=dict)
    passed: tuple[str, ...] = ()
    counts: bool = False
    tokens: Tokens | None = None

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self  # immutable

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns that are used; a column of dates or texts has several parts."""
        return tuple(dict.fromkeys(column.name for column in self.columns))

    @property
    def kinds(self) -> dict[str, ColumnKind]:
        """Kinds of the columns that are used, by name."""
        return {column.name: "binary" if column.binary else column.kind for column in self.columns}

    def settings(self) -> dict[str, Any]:
        """Settings as JSON values, for `from_settings`."""
        columns = [_short(column) for column in self.columns]
        found = {
            "columns": columns,
            "dropped": dict(self.dropped),
            "passed": list(self.passed),
            "counts": self.counts,
        }
        return found if self.tokens is None else {**found, "tokens": self.tokens.settings()}

    @classmethod
    def from_settings(cls, values: Mapping[str, Any], tokenizer: str | None = None) -> Self:
        """The inverse of `settings`, also after a trip through JSON.

        Args:
            values: the settings.
            tokenizer: the content of the `tokenizer.json`, where a backbone reads the texts.
        """
        columns = tuple(
            Column(**{**one, **{name: tuple(one.get(name, ())) for name in ("categories", "rare")}})
            for one in values["columns"]
        )
        reading = values.get("tokens")
        tokens = Tokens.from_settings(reading, tokenizer) if reading and tokenizer is not None else None
        passed = tuple(values["passed"])
        return cls(columns, dict(values["dropped"]), passed, bool(values["counts"]), tokens)


def _short(column: Column) -> dict[str, Any]:
    """The settings without those at their defaults."""
    default = asdict(Column(column.name, column.kind))
    plain = {**asdict(column), "categories": list(column.categories), "rare": list(column.rare)}
    return {k: v for k, v in plain.items() if k in ("name", "kind") or v not in (default[k], [])}
